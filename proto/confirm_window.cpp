#include "proto/confirm_window.hpp"

#include <cassert>
#include <utility>

namespace postponed::proto {

void confirm_window::add(std::uint64_t tag, std::uint64_t key, std::size_t bytes) {
  if (entries_.empty()) {
    first_tag_ = tag;
  } else {
    assert(tag >= first_tag_ + entries_.size());
    entries_.resize(tag - first_tag_); // tags that were skipped: dead places
  }
  entries_.push_back({key, bytes, true});
  ++live_;
  bytes_ += bytes;
}

bool confirm_window::on_returned(std::uint64_t key, std::uint16_t code, std::string text) {
  // The broker answers in order: what is returned stands near the front.
  if (find(key) == nullptr) return false;
  returned_.insert_or_assign(key, return_note{code, std::move(text)});
  return true;
}

void confirm_window::on_confirmed(std::uint64_t tag, bool multiple, std::vector<settled>& out) {
  settle(tag, multiple, outcome::confirmed, out);
}

void confirm_window::on_refused(std::uint64_t tag, bool multiple, std::vector<settled>& out) {
  settle(tag, multiple, outcome::refused, out);
}

void confirm_window::abandon(std::uint64_t key) {
  entry* const gone = find(key);
  if (gone == nullptr) return;
  returned_.erase(key);
  gone->live = false;
  --live_;
  bytes_ -= gone->bytes;
  trim();
}

void confirm_window::on_lost(std::vector<settled>& out) {
  for (entry& each : entries_)
    if (each.live) settle_one(each, outcome::unknown, out);
  entries_.clear(); // the next opening counts from 1 again
  assert(live_ == 0 && bytes_ == 0 && returned_.empty());
}

void confirm_window::settle(std::uint64_t tag, bool multiple, outcome result, std::vector<settled>& out) {
  if (entries_.empty()) return;
  const std::uint64_t newest = first_tag_ + entries_.size() - 1;
  // AMQP 0-9-1, basic.ack: with `multiple`, a tag of zero stands for everything outstanding.
  if (multiple && (tag == 0 || tag > newest)) tag = newest;
  if (tag < first_tag_ || tag > newest) return;
  const std::size_t last = tag - first_tag_;
  // Each place is passed once: what is settled by `multiple` is a prefix, and trim() drops it.
  for (std::size_t i = multiple ? 0 : last; i <= last; ++i)
    if (entries_[i].live) settle_one(entries_[i], result, out);
  trim();
}

void confirm_window::settle_one(entry& slot, outcome result, std::vector<settled>& out) {
  settled done{slot.key, result, 0, {}};
  if (const auto note = returned_.find(slot.key); note != returned_.end()) {
    done.result = outcome::returned;
    done.code = note->second.code;
    done.text = std::move(note->second.text);
    returned_.erase(note);
  }
  slot.live = false;
  --live_;
  bytes_ -= slot.bytes;
  out.push_back(std::move(done));
}

confirm_window::entry* confirm_window::find(std::uint64_t key) {
  for (entry& each : entries_)
    if (each.live && each.key == key) return &each;
  return nullptr;
}

void confirm_window::trim() {
  while (!entries_.empty() && !entries_.front().live) {
    entries_.pop_front();
    ++first_tag_;
  }
}

} // namespace postponed::proto
