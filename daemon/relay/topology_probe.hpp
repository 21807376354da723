// What is said to a broker on a channel of its own, as a script: what to send next, given what was answered.
// Two of them: finding out in what broker and file differ, and creating what is missing. Pure; one thread.
#pragma once

#include "relay/topology_diff.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace postponed::relay {

class topology_script {
 public:
  virtual ~topology_script() = default;
  // To be sent at once, one behind the other: where the broker refuses the first it ignores what follows.
  // Empty: finished.
  virtual std::vector<topology_step> begin_next() = 0;
  virtual void on_done() = 0; // each was answered
  // The one with this index was refused, and cost the channel, or the connection.
  virtual void on_refused(std::size_t which, std::uint16_t code, const std::string& text) = 0;
};

// By AMQP alone. A passive declaration tells whether an object exists; behind it, in the same breath, goes
// the file's own declaration, which does nothing where it is the same and is refused where it is not. It
// cannot create: when the object is missing, the broker has refused the first and ignores the second; only an
// object deleted by somebody else in the instant between the two would come back. A refusal names the first
// argument alone: the declaration is repeated with the broker's own value in its place, until nothing is left
// to tell.
class topology_probe : public topology_script {
 public:
  explicit topology_probe(wanted_topology wanted);

  std::vector<topology_step> begin_next() override;
  void on_done() override;
  void on_refused(std::size_t which, std::uint16_t code, const std::string& text) override;
  topology_report report() const; // when finished

 private:
  struct question {
    topology_step as_declared;
    bool only_existence = false; // of an exchange that the file does not list
    int rounds = 0;
  };
  void next();
  void on_not_there(const question& asked, std::uint16_t code, const std::string& text);
  void on_different(question& asked, std::uint16_t code, const std::string& text);

  wanted_topology wanted_;
  std::deque<question> questions_; // the first is under way, or next
  seen_topology seen_;             // the exchanges that there are
  std::vector<topology_difference> differences_;
  std::vector<std::string> not_checked_;
};

// Creates what is missing, one object after the other.
class topology_creation : public topology_script {
 public:
  explicit topology_creation(std::vector<topology_step> steps) : steps_{std::move(steps)} {}

  std::vector<topology_step> begin_next() override;
  void on_done() override;
  void on_refused(std::size_t which, std::uint16_t code, const std::string& text) override;
  const std::vector<topology_step>& made() const { return made_; }
  const std::vector<topology_difference>& refused() const { return refused_; }

 private:
  std::vector<topology_step> steps_, made_;
  std::vector<topology_difference> refused_;
  std::size_t at_ = 0;
};

} // namespace postponed::relay
