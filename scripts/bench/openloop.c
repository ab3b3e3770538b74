// A load by the clock: requests become due as a Poisson process, as callers who do not know of each other send them,
// and a latency counts from when a request was due, whether a connection was free or not. RATE 0: a closed loop, each
// connection sending again as soon as it is answered, for the peak rate.
//
//   cc -O2 -o openloop openloop.c -lm
//   ./openloop PORT CONNECTIONS RATE SECONDS BODY_FILE PATH [HEADER]
// Prints: requests, requests a second, latency in us: p50, p99, p99.9, largest. It talks to 127.0.0.1 alone, keeps one
// core busy where it has a clock to look at, and ends by itself; an answer other than 200 ends it with a failure.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 1024, MAX_REQUESTS = 20000000, ANSWER = 1 << 20 };

typedef struct {
  int descriptor;
  size_t sent, received, expected;  // of the request, and of the answer: 0 until its header is there
  double due;
  int is_busy;
  char *answer;
} connection;

static connection connections[MAX_CONNECTIONS];
static connection *idle[MAX_CONNECTIONS];
static size_t idle_count, answered;
static float *latencies;
static char *request;
static size_t request_size;
static uint64_t state = 1;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Of a Poisson process of so many a second.
static double next_gap(double rate) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return -log(((double)((z ^ (z >> 31)) >> 11) + 1) * 0x1p-53) / rate;
}

static void fail(const char *what) {
  fprintf(stderr, "openloop: %s\n", what);
  exit(1);
}

static void push(connection *c) {
  while (c->sent < request_size) {
    const ssize_t count = send(c->descriptor, request + c->sent, request_size - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server closed a connection while a request was sent");
    c->sent += (size_t)count;
  }
}

static void begin(connection *c, double due) {
  c->sent = c->received = c->expected = 0;
  c->due = due;
  c->is_busy = 1;
  push(c);
}

// Whether the answer is there as a whole.
static int pull(connection *c) {
  const ssize_t count = recv(c->descriptor, c->answer + c->received, ANSWER - 1 - c->received, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) fail("the server closed a connection before its answer");
  c->received += (size_t)count;
  c->answer[c->received] = 0;
  if (c->expected == 0) {
    const char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) return 0;
    if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0) fail(c->answer);
    const char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (!length || length > end) fail("an answer without Content-Length");
    c->expected = (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
    if (c->expected >= ANSWER) fail("an answer of a megabyte");
  }
  return c->received >= c->expected;
}

static int compare(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// header: a line without its end, or empty.
static void read_request(const char *file, const char *path, const char *header) {
  FILE *body = fopen(file, "rb");
  if (!body) fail("the body cannot be read");
  static char bytes[(1 << 24) + 1];
  const size_t size = fread(bytes, 1, sizeof bytes, body);
  if (ferror(body)) fail("the body cannot be read");
  if (size == sizeof bytes) fail("expected a body of at most 16 MiB");
  fclose(body);
  request = malloc(size + 512);
  if (!request) abort();
  const int length = snprintf(request, 512, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n%s%s\r\n",
                              path, size, header, *header ? "\r\n" : "");
  if (length < 0 || length >= 512) fail("expected a path and a header of 400 bytes at most");
  memcpy(request + length, bytes, size);
  request_size = (size_t)length + size;
}

int main(int count, char **arguments) {
  if (count != 7 && count != 8) fail("expected PORT CONNECTIONS RATE SECONDS BODY_FILE PATH [HEADER]");
  const int port = atoi(arguments[1]);
  const size_t width = strtoul(arguments[2], NULL, 10);
  const double rate = atof(arguments[3]), duration = atof(arguments[4]);
  if (width < 1 || width > MAX_CONNECTIONS || duration <= 0 || duration > 120)
    fail("expected 1 to 1024 connections, at most 120 s");
  read_request(arguments[5], arguments[6], count == 8 ? arguments[7] : "");
  latencies = malloc(MAX_REQUESTS * sizeof *latencies);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  for (size_t i = 0; i < width; i++) {
    connection *c = connections + i;
    const int on = 1;
    c->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    c->answer = malloc(ANSWER);
    if (!latencies || !c->answer || connect(c->descriptor, (const struct sockaddr *)&address, sizeof address))
      fail("cannot connect");
    setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->descriptor, &event);
    idle[idle_count++] = c;
  }
  const double start = now(), end = start + duration;
  double due = start + (rate > 0 ? next_gap(rate) : 0);
  // After the end what is due is still answered, for at most as long again and half a minute: of requests of a
  // megabyte to a server that kept both cores busy one in hundreds has waited 12 s.
  while (answered < MAX_REQUESTS) {
    const double time = now();
    const int is_open = rate > 0 ? due < end : time < end;
    if (!is_open && idle_count == width) break;
    if (time > end + duration + 30) fail("the server does not keep up");
    while (is_open && idle_count > 0 && (rate == 0 || (due <= time && due < end))) {
      begin(idle[--idle_count], rate > 0 ? due : time);
      if (rate > 0) due += next_gap(rate);
    }
    struct epoll_event events[64];
    // A closed loop has no clock to look at, and leaves the core to the server.
    const int ready = epoll_wait(epoll, events, 64, rate > 0 ? 0 : 10);
    for (int i = 0; i < ready; i++) {
      connection *c = events[i].data.ptr;
      if (!c->is_busy) continue;
      // A refusal may be there before the request is sent, and is not told again.
      const int was_sending = c->sent < request_size;
      if (was_sending) push(c);
      if ((was_sending || events[i].events & EPOLLIN) && c->sent == request_size && pull(c)) {
        latencies[answered++] = (float)((now() - c->due) * 1e6);
        c->is_busy = 0;
        idle[idle_count++] = c;
      }
    }
  }
  const double seconds = now() - start;
  if (answered == 0) fail("no request was due");
  qsort(latencies, answered, sizeof *latencies, compare);
  const double shares[] = {0.5, 0.99, 0.999};
  printf("%zu %.2f", answered, (double)answered / seconds);
  for (int i = 0; i < 3; i++) printf(" %.0f", latencies[(size_t)(shares[i] * (double)(answered - 1))]);
  printf(" %.0f\n", latencies[answered - 1]);
}
