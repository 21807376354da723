#include "admin/ndjson_upload.hpp"

#include <utility>

namespace postponed::admin {

namespace {

constexpr std::size_t most_under_way = std::size_t{4} << 20; // bytes of lines that are not durable yet
// Bytes of results that the peer has not taken. Much, as many clients send all before they read anything.
constexpr std::size_t most_unwritten = std::size_t{16} << 20;

} // namespace

ndjson_upload::ndjson_upload(std::shared_ptr<exchange> with, summary done)
    : with_{std::move(with)}, done_{std::move(done)} {}

void ndjson_upload::begin(message_control& over, std::shared_ptr<exchange> with, summary done) {
  const std::shared_ptr<ndjson_upload> self{new ndjson_upload{std::move(with), std::move(done)}};
  self->work_ = std::make_shared<ndjson_scheduling>(
      over, [self](std::string&& lines) { self->on_results(std::move(lines)); });
  self->with_->begin({200, "application/x-ndjson", {}, {}});
  self->with_->on_gone([self] { // also while nothing is read
    if (!std::exchange(self->last_, true)) self->work_->abandon();
  });
  self->proceed();
}

void ndjson_upload::proceed() {
  if (reading_ || last_ || !work_ || work_->bytes_under_way() > most_under_way) return;
  reading_ = true;
  with_->when_written(most_unwritten, [self = shared_from_this()] {
    self->with_->read([self](const body_piece& got) { self->on_piece(got); });
  });
}

void ndjson_upload::on_piece(const body_piece& got) {
  reading_ = false;
  if (last_) return;
  last_ = got.what != body_piece::state::more;
  const auto work = work_; // its last result lets it go
  work->feed(got.bytes);
  if (got.what == body_piece::state::end) work->finish();
  if (got.what == body_piece::state::broken) work->abandon();
  proceed();
}

void ndjson_upload::on_results(std::string&& lines) {
  if (!work_) return;
  with_->write(std::move(lines));
  if (!work_->idle()) return proceed();
  const auto work = std::exchange(work_, nullptr);
  with_->end();
  done_(work->held(), work->refused());
}

} // namespace postponed::admin
