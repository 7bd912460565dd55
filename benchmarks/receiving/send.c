/*
 * Copyright (c) 2026, spamexperts.local_cloud contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * send tcp|udp PORT FILE COUNT CONNECTIONS RATE: sends the first COUNT NUL-terminated records of FILE to 127.0.0.1,
 * shared out over the connections, RATE records a second in all (0: as fast as the receiver takes them).
 * Prints the times of the first and the last byte (CLOCK_MONOTONIC, seconds). C, so that it never is the bottleneck.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, DATAGRAMS = 64, CHUNK = 256 * 1024, SEND_BUFFER = 4 << 20 };

static char *data;
static size_t *begin; /* where each record begins; one more entry than records */
static long count;
static int connections, udp, sockets[MAX_CONNECTIONS];
static double rate;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Wait until `sent` records of this connection are due. */
static void pace(double start, long sent)
{
    double wait = rate > 0 ? start + sent * connections / rate - now() : 0;
    if (wait > 0) {
        struct timespec time = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)};
        nanosleep(&time, NULL);
    }
}

static long send_stream(int socket, long first, long last)
{
    for (size_t at = begin[first]; at < begin[last];) {
        size_t left = begin[last] - at;
        ssize_t written = write(socket, data + at, left < CHUNK ? left : CHUNK);
        if (written <= 0)
            fail("write");
        at += written;
    }
    return last - first;
}

static long send_datagrams(int socket, long first, long last)
{
    struct mmsghdr messages[DATAGRAMS] = {0};
    struct iovec parts[DATAGRAMS];
    long many = last - first < DATAGRAMS ? last - first : DATAGRAMS;
    for (long i = 0; i < many; i++) {
        parts[i].iov_base = data + begin[first + i];
        parts[i].iov_len = begin[first + i + 1] - begin[first + i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(socket, messages, many, 0);
    if (sent <= 0)
        fail("sendmmsg");
    return sent;
}

static void *connection(void *number)
{
    long mine = (long)number, first = count * mine / connections, last = count * (mine + 1) / connections;
    long step = udp ? DATAGRAMS : rate > 0 ? (long)(rate / connections / 500) + 1 : last - first;
    double start = now();
    for (long at = first; at < last;) {
        pace(start, at - first);
        long end = at + step < last ? at + step : last;
        at += udp ? send_datagrams(sockets[mine], at, end) : send_stream(sockets[mine], at, end);
    }
    close(sockets[mine]);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: send tcp|udp PORT FILE COUNT CONNECTIONS RATE\n");
        return 2;
    }
    udp = !strcmp(argv[1], "udp");
    count = atol(argv[4]);
    connections = atoi(argv[5]);
    rate = atof(argv[6]);
    struct stat status;
    int file = open(argv[3], O_RDONLY);
    if (file < 0 || fstat(file, &status) || connections < 1 || connections > MAX_CONNECTIONS)
        fail(argv[3]);
    data = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    begin = malloc((count + 1) * sizeof *begin);
    if (data == MAP_FAILED || !begin)
        fail("memory");
    begin[0] = 0;
    for (long i = 0; i < count; i++) {
        char *end = memchr(data + begin[i], 0, status.st_size - begin[i]);
        if (!end) {
            fprintf(stderr, "%s has %ld records only\n", argv[3], i);
            return 1;
        }
        begin[i + 1] = end - data + 1;
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < connections; i++) {
        int buffer = SEND_BUFFER;
        sockets[i] = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
        if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&to, sizeof to))
            fail("connect");
        if (udp)
            setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    }
    pthread_t threads[MAX_CONNECTIONS];
    double start = now();
    for (long i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, connection, (void *)i))
            fail("pthread_create");
    for (int i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    printf("%.6f %.6f\n", start, now());
    return 0;
}
