// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// A terminal is one of a process; so is what a signal handler can reach.
static volatile sig_atomic_t ended;
static struct termios before;
static bool changed;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

void screen_open(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction a = {.sa_handler = on_signal};
	struct termios t;

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &a, NULL);
	if (tcgetattr(STDIN_FILENO, &before) == 0) {
		t = before;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		changed = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
	}
	fputs("\033[?25l", stdout); // no cursor
}

void screen_clear(void)
{
	fputs("\033[H\033[J", stdout);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

bool screen_wait(int milliseconds)
{
	int64_t end = now_ms() + milliseconds, left;
	// A standard input that is no terminal, or is closed, has no keys.
	struct pollfd in = {.fd = changed ? STDIN_FILENO : -1, .events = POLLIN};
	char key = 0;

	while (ended == 0 && (left = end - now_ms()) > 0) {
		if (poll(&in, 1, (int)left) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 && errno != EINTR)
			return false; // the terminal has gone
		if (key == 'q' || key == 'Q' || key == 3 || key == 4)
			return false;
	}
	return ended == 0;
}

void screen_close(void)
{
	if (changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fputs("\033[?25h", stdout);
	fflush(stdout);
}
