// The performance floor: libmicrohttpd with nothing behind it. One daemon per thread on an SO_REUSEPORT socket, driven
// as the server drives its own: poll outside, then MHD_run. Reads and discards the body, answers a fixed one of N
// bytes.
//
//   cc -O2 -o floor floor.c -lmicrohttpd -lpthread
//   ./floor PORT THREADS ANSWER_BYTES

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct MHD_Response *answer;
static int port;

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **context) {
  static char seen;
  (void)cls, (void)url, (void)method, (void)version, (void)data;
  if (*context == NULL) {
    *context = &seen;
    return MHD_YES;
  }
  if (*size) {
    *size = 0;
    return MHD_YES;
  }
  return MHD_queue_response(connection, 200, answer);
}

static void *serve(void *unused) {
  (void)unused;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
    perror("bind");
    exit(1);
  }
  struct MHD_Daemon *daemon =
      MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, NULL, MHD_OPTION_LISTEN_SOCKET,
                       listener, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
  if (!daemon) exit(1);
  struct pollfd wait = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
  for (;;) {
    MHD_UNSIGNED_LONG_LONG milliseconds;
    int timeout = MHD_get_timeout(daemon, &milliseconds) == MHD_YES ? (int)milliseconds : -1;
    poll(&wait, 1, timeout);
    MHD_run(daemon);
  }
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: %s PORT THREADS ANSWER_BYTES\n", arguments[0]);
    return 2;
  }
  port = atoi(arguments[1]);
  size_t bytes = strtoul(arguments[3], NULL, 10);
  char *body = malloc(bytes + 1);
  if (!body) return perror("memory"), 1;
  memset(body, 'x', bytes);
  answer = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_PERSISTENT);
  MHD_add_response_header(answer, "Content-Type", "application/json");
  int threads = atoi(arguments[2]);
  pthread_t thread;
  if (threads < 1) return fprintf(stderr, "expected a thread or more, found %s\n", arguments[2]), 2;
  for (int index = 0; index < threads; index++)
    if (pthread_create(&thread, NULL, serve, NULL)) return fprintf(stderr, "a thread cannot be started\n"), 1;
  pthread_join(thread, NULL);
}
