/*
 * The least that a listener written in C does: captures one UDP port, knows a packet by its first
 * sixteen bytes and runs a program. No cryptography, no record, no policy.
 *
 *   floor DEVICE PORT HEX PROGRAM ARGUMENT
 */
#include <pcap/pcap.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define COOKIE 16
#define ETHERNET 14
#define UDP 8

int main(int argc, char **argv)
{
    char complaint[PCAP_ERRBUF_SIZE] = "", filter[64];
    unsigned char cookie[COOKIE];
    if (argc != 6 || strlen(argv[3]) != 2 * COOKIE)
        return 2;
    for (int at = 0; at < COOKIE; at++)
        if (sscanf(argv[3] + 2 * at, "%2hhx", &cookie[at]) != 1)
            return 2;
    snprintf(filter, sizeof filter, "ip and udp dst port %d", atoi(argv[2]));
    struct bpf_program program;
    pcap_t *capture = pcap_create(argv[1], complaint);
    if (!capture || pcap_set_snaplen(capture, 1024) || pcap_set_immediate_mode(capture, 1) ||
        pcap_set_buffer_size(capture, 8 << 20) || pcap_activate(capture) < 0 ||
        pcap_compile(capture, &program, filter, 1, PCAP_NETMASK_UNKNOWN) || pcap_setfilter(capture, &program)) {
        fprintf(stderr, "floor: %s\n", capture ? pcap_geterr(capture) : complaint);
        return 1;
    }
    char *const command[] = {argv[4], argv[5], NULL}, *const environment[] = {NULL};
    struct pcap_pkthdr *header;
    const unsigned char *frame;
    int status;
    while ((status = pcap_next_ex(capture, &header, &frame)) >= 0) {
        if (status == 0 || header->caplen < ETHERNET + 20 + UDP)
            continue;
        size_t payload = ETHERNET + 4 * (frame[ETHERNET] & 15) + UDP;
        if (header->caplen < payload + COOKIE || memcmp(frame + payload, cookie, COOKIE))
            continue;
        pid_t child;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (posix_spawn(&child, argv[4], NULL, NULL, command, environment))
            perror("floor: spawn");
    }
    fprintf(stderr, "floor: %s\n", pcap_geterr(capture));
    return 1;
}
