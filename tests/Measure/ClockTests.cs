using System.Diagnostics;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

[Collection(TimingCollection.Name)]
public sealed class ClockTests
{
    public static TheoryData<ClockSource> Sources => [ClockSource.Tsc, ClockSource.Stopwatch];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Stamps_of_one_thread_never_go_back(ClockSource source)
    {
        Clock clock = Clock.Calibrate(source);
        long last = clock.Ticks();
        for (int i = 0; i < 1_000_000; i++)
        {
            long now = (i & 1) == 0 ? clock.TicksOrdered() : clock.Ticks();
            Assert.True(now >= last, $"{now} after {last}");
            last = now;
        }
    }

    /// <summary>Two threads hand the turn back and forth; each stamp is taken after the one it was handed.</summary>
    [Theory]
    [MemberData(nameof(Sources))]
    public void Stamps_never_go_back_across_a_hand_over(ClockSource source)
    {
        const int Turns = 20_000;
        Clock clock = Clock.Calibrate(source);
        long turn = 0, stamp = clock.TicksOrdered(), backwards = 0;
        void Play(int side)
        {
            SpinWait spinner = new();
            for (long mine = side; mine < Turns; mine += 2)
            {
                while (Volatile.Read(ref turn) != mine) spinner.SpinOnce(-1);
                long now = clock.TicksOrdered();
                if (now < stamp) backwards++;
                stamp = now;
                Volatile.Write(ref turn, mine + 1);
            }
        }

        Thread other = new(() => Play(1));
        other.Start();
        Play(0);
        other.Join();
        Assert.Equal(0, backwards);
    }

    /// <summary>Events of the MMU are stamped by it and merged with records that the kernel dates.</summary>
    [Theory]
    [MemberData(nameof(Sources))]
    public void The_present_lies_on_the_monotonic_line(ClockSource source)
    {
        // What 60 ms of calibration leave is far below a thousandth of the time since.
        long begin = Clock.MonotonicNanoseconds();
        Clock clock = Clock.Calibrate(source);
        long before = Clock.MonotonicNanoseconds(), now = clock.Now(), after = Clock.MonotonicNanoseconds();
        long error = (after - begin) / 1_000;
        Assert.InRange(now, before - error, after + error);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Agrees_with_the_monotonic_clock_within_a_thousandth(ClockSource source)
    {
        Clock clock = Clock.Calibrate(source);
        (long startTicks, long startNanoseconds) = Both(clock);
        Thread.Sleep(300); // the time that is measured
        (long endTicks, long endNanoseconds) = Both(clock);

        double expected = endNanoseconds - startNanoseconds;
        Assert.InRange(clock.ToNanoseconds(endTicks - startTicks), expected * 0.999, expected * 1.001);
        Assert.InRange(clock.ToMonotonicNanoseconds(endTicks) - endNanoseconds, -300_000, 300_000);
        Assert.InRange(clock.FromMonotonicNanoseconds(endNanoseconds) - endTicks, -clock.ToTicks(300_000),
            clock.ToTicks(300_000));
    }

    [Fact]
    public void The_fallback_works_and_says_so()
    {
        Clock clock = Clock.Calibrate(ClockSource.Stopwatch);
        Assert.Equal(ClockSource.Stopwatch, clock.Info.Source);
        Assert.Equal(Stopwatch.Frequency, clock.Info.FrequencyHz);
        Assert.False(clock.Info.Invariant);
        Assert.Contains("Stopwatch", clock.Info.Note, StringComparison.Ordinal);
        Assert.Equal(1_000_000, clock.ToNanoseconds(clock.ToTicks(TimeSpan.FromMilliseconds(1))));
    }

    [Fact]
    public void A_clock_says_what_it_reads_and_what_that_costs()
    {
        ClockInfo info = Clock.Default.Info;
        Assert.True(info.FrequencyHz > 1e6);
        Assert.True(info.TicksCostNanoseconds > 0);
        Assert.True(info.TicksOrderedCostNanoseconds > 0);
        Assert.InRange(info.TypicalStepNanoseconds, 0.1, 10_000);
        Assert.Equal(info.Source == ClockSource.Tsc, info.Invariant);
        Assert.EndsWith(".", info.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Durations_convert_without_overflow_and_negative_ones_are_nothing()
    {
        Clock clock = Clock.Calibrate(ClockSource.Stopwatch);
        Assert.Equal(0, clock.ToNanoseconds(-5));
        Assert.Equal(-5, clock.ToTicks(-5));
        long century = 100L * 365 * 86_400 * Stopwatch.Frequency;
        Assert.Equal(100L * 365 * 86_400 * 1_000_000_000, clock.ToNanoseconds(century));
    }

    [Fact]
    public void A_read_allocates_nothing()
    {
        Clock clock = Clock.Default;
        _ = clock.Ticks() + clock.TicksOrdered();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++) _ = clock.ToNanoseconds(clock.TicksOrdered() - clock.Ticks());
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>One moment on both clocks; taken again when something came between the two reads.</summary>
    private static (long Ticks, long Nanoseconds) Both(Clock clock)
    {
        while (true)
        {
            long before = Stopwatch.GetTimestamp();
            long ticks = clock.TicksOrdered();
            if (Stopwatch.GetElapsedTime(before) < TimeSpan.FromMicroseconds(20))
            {
                return (ticks, (long)(before * (1e9 / Stopwatch.Frequency)));
            }
        }
    }
}
