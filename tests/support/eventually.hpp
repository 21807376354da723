// Waiting for a condition instead of sleeping, and ports that are free. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace postponed::test {

// Asks `condition` until it is true or `deadline` has passed, at first often, then every 50 ms. Its last
// answer.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds deadline = std::chrono::seconds{10});

// A TCP port of 127.0.0.1 on which nobody listens, below the kernel's range for outgoing connections, so that
// it stays free until it is used unless another caller draws the same number. Throws std::runtime_error.
std::uint16_t free_port();

} // namespace postponed::test
