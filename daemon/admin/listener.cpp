#include "admin/listener.hpp"

#include "admin/wire.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace postponed::admin {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr ::mode_t socket_mode = 0660; // its owner and group

} // namespace

bool listener::open(const asio::generic::stream_protocol::endpoint& at, bool reuse, std::string& why) {
  boost::system::error_code error;
  acceptor_.open(at.protocol(), error);
  if (!error && reuse) acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor_.bind(at, error);
  if (!error) return true;
  why = error.message();
  return false;
}

bool listener::open_tcp(const std::string& host, std::uint16_t port, std::string& why) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    why = "admin.listen: " + host + " is no address; give an IPv4 or IPv6 address, as 127.0.0.1";
    return false;
  }
  bool opened = open(tcp::endpoint{address, port}, true, why);
  if (opened) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) why = error.message();
    opened = !error;
  }
  if (opened) return true;
  close();
  why = "cannot listen on " + shown_address(host, port) + ": " + why + "; give admin.listen another address";
  return false;
}

bool listener::make_way(const std::string& path, std::string& why) {
  struct ::stat found {};
  if (::lstat(path.c_str(), &found) != 0) return true; // nothing is there, or bind says what is wrong
  if (!S_ISSOCK(found.st_mode)) {
    why = "a file of that name is there, and it is no socket";
    return false;
  }
  boost::system::error_code error;
  asio::local::stream_protocol::socket probe{acceptor_.get_executor()};
  probe.connect(asio::local::stream_protocol::endpoint{path}, error);
  if (!error) {
    why = "another process answers there";
    return false;
  }
  if (error != asio::error::connection_refused) {
    why = "whether another process answers there cannot be told: " + error.message();
    return false;
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return true;
  why = "the socket that is left there cannot be removed: " + std::string{std::strerror(errno)};
  return false;
}

bool listener::open_unix(const std::string& path, std::string& why) {
  boost::system::error_code error;
  bool opened = path.size() < sizeof(sockaddr_un::sun_path);
  if (!opened) why = "the path has more than 107 bytes";
  opened = opened && make_way(path, why);
  opened = opened && open(asio::local::stream_protocol::endpoint{path}, false, why);
  struct ::stat made {};
  if (opened && ::lstat(path.c_str(), &made) == 0) {
    path_ = path;
    device_ = made.st_dev;
    inode_ = made.st_ino;
    // Nobody can connect before listen(): there is no moment with another mode.
    if (::chmod(path.c_str(), socket_mode) != 0)
      error.assign(errno, boost::system::system_category());
    else
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) why = error.message();
    opened = !error;
  }
  if (opened) return true;
  close();
  why = "cannot listen on unix:" + path + ": " + why +
        "; give admin.listen another path, in a folder of postponed's own";
  return false;
}

std::uint16_t listener::port() const {
  boost::system::error_code error;
  const auto at = acceptor_.local_endpoint(error);
  const int family = at.protocol().family();
  if (error || (family != AF_INET && family != AF_INET6)) return 0;
  tcp::endpoint local;
  std::memcpy(local.data(), at.data(), at.size());
  local.resize(at.size());
  return local.port();
}

void listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  struct ::stat now {};
  if (!path_.empty() && ::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_)
    ::unlink(path_.c_str());
  path_.clear();
}

} // namespace postponed::admin
