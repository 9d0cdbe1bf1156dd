#!/usr/bin/perl
# Measures the private link from this site's database to the other one's, as TCP handshakes with the port that replication uses: of
# each the kernel knows how long it took and whether it had to send the first packet again. Perl, for that is in the image, and
# Python is not.
#
#   perl /conf/link.pl round_trip      prints the median of a few in milliseconds, or `nothing` when none is completed
#   perl /conf/link.pl loss ROUNDS     prints the share of so many that were not completed at the first attempt
#
# Needs PEER (host=... port=...) in its environment. A refusal is nobody's round trip: a network policy may have refused right here.
use strict;
use warnings;
use Socket qw(IPPROTO_TCP PF_INET SOCK_NONBLOCK SOCK_STREAM inet_aton pack_sockaddr_in);
use Time::HiRes qw(sleep time);

my $EVERY_S       = 0.01;    # one begins: the other database starts a process for each, and patients want it too
my $FEW           = 5;
my $WITHIN_S      = 5;       # the kernel sends a lost first packet again after one second, and after three
my $MOST          = 3000;    # half a minute
my $TCP_INFO      = 11;      # what follows is of the kernel's struct tcp_info
my $SENT          = 2;       # TCP_SYN_SENT
my $CLOSED        = 7;       # TCP_CLOSE
my $SENT_AGAIN_US = 900_000; # an answer that was lost may have been sent again by the other side, unseen here

my %peer = ($ENV{PEER} // '') =~ /(\w+)=(\S+)/g;
my $name = $peer{hostaddr} // $peer{host} // die "link: no host in PEER\n";
my $there = pack_sockaddr_in($peer{port}, inet_aton($name) // die "link: $name has no address\n");

# So many handshakes, one after the other and not waited for. Of each: milliseconds; 'lost' when it was not completed at the first
# attempt and `patient` is not; 'refused'; 'nothing' when it was not completed at all.
sub handshakes {
    my ($many, $patient) = @_;
    my (@open, @ended);
    for (my $begun = 0; $begun < $many || @open; sleep $EVERY_S) {
        if ($begun++ < $many) {
            socket(my $one, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP) or die "link: $!\n";
            connect $one, $there;    # how it ends is asked below
            push @open, [$one, time];
        }
        @open = grep {
            my $how = how($patient, @$_);
            push @ended, $how if defined $how;
            !defined $how;
        } @open;
    }
    return @ended;
}

# How a handshake ended; undef while it goes on.
sub how {
    my ($patient, $one, $since) = @_;
    my ($state, $us, $again) = unpack 'C x67 L x28 L', getsockopt($one, IPPROTO_TCP, $TCP_INFO);
    return 'refused' if $state == $CLOSED;
    return 'lost' if !$patient && ($again || $state != $SENT && $us > $SENT_AGAIN_US);
    return $us / 1000 if $state != $SENT;
    return time - $since > $WITHIN_S ? 'nothing' : undef;
}

my ($what, $rounds) = (@ARGV, '', '');
if ($what eq 'round_trip') {
    my @taken = sort { $a <=> $b } grep { /^[\d.]+$/ } handshakes($FEW, 1);
    print @taken ? sprintf("%.3f\n", $taken[$#taken / 2]) : "nothing\n";
} elsif ($what eq 'loss' && $rounds =~ /^[1-9]\d*$/ && $rounds <= $MOST) {
    my @ended = handshakes($rounds, 0);
    die "link: refused: this is no loss on the way\n" if grep { $_ eq 'refused' } @ended;
    printf "%.4f\n", (grep { $_ eq 'lost' || $_ eq 'nothing' } @ended) / $rounds;
} else {
    die "link: not understood (allowed: round_trip, loss ROUNDS up to $MOST)\n";
}
