#pragma once
#include <microhttpd.h>
// Glibc's Swift module leaves them out; the reactor sleeps on one of libmicrohttpd's descriptors and on some of these.
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// How strict its parser is: "more strict protocol interpretation, within the limits set by RFCs for HTTP servers",
/// from 0.9.77.1 on, when its parser was written anew. Before, what MHD_OPTION_STRICT_FOR_CLIENT adds the header
/// validator finds as well, and says in JSON.
static inline struct MHD_OptionItem mhd_strictness(void) {
#if MHD_VERSION >= 0x00097701
  struct MHD_OptionItem item = {MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL};
#else
  struct MHD_OptionItem item = {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL};
#endif
  return item;
}

/// Whether the library is at least 0.9.77.1, whose parser refuses what earlier ones let through.
static inline int mhd_is_strict(void) { return MHD_VERSION >= 0x00097701; }

// Typed stand-ins for libmicrohttpd's variadic functions, which Swift cannot call. Nothing else belongs here.

/// MHD_start_daemon with an option array that ends in MHD_OPTION_END.
static inline struct MHD_Daemon *mhd_start_daemon(unsigned int flags, MHD_LogCallback log, void *log_context,
                                                  MHD_AccessHandlerCallback handler, void *handler_context,
                                                  struct MHD_OptionItem *options) {
  return MHD_start_daemon(flags, 0, NULL, NULL, handler, handler_context, MHD_OPTION_EXTERNAL_LOGGER, log, log_context,
                          MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/// MHD_get_daemon_info(MHD_DAEMON_INFO_EPOLL_FD); -1 when there is none.
static inline int mhd_daemon_epoll_descriptor(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

/// MHD_get_connection_info(MHD_CONNECTION_INFO_CONNECTION_FD).
static inline int mhd_connection_descriptor(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/// MHD_get_connection_info(MHD_CONNECTION_INFO_SOCKET_CONTEXT).
static inline void *mhd_connection_socket_context(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/// MHD_get_connection_info(MHD_CONNECTION_INFO_GNUTLS_SESSION); NULL without TLS.
static inline void *mhd_connection_tls_session(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info ? info->tls_session : NULL;
}

/// MHD_get_connection_info(MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE); 0 while the header is incomplete.
static inline size_t mhd_connection_header_size(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info ? info->header_size : 0;
}

/// MHD_get_connection_info(MHD_CONNECTION_INFO_HTTP_STATUS); 0 while no response is queued.
static inline unsigned int mhd_connection_status(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
  return info ? info->http_status : 0;
}

/// MHD_set_connection_option(MHD_CONNECTION_OPTION_TIMEOUT).
static inline enum MHD_Result mhd_connection_set_timeout(struct MHD_Connection *connection, unsigned int seconds) {
  return MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}
