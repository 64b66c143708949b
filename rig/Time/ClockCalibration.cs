using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Lab.Time;

/// <summary>Decides whether the time-stamp counter can be trusted, and how many of its ticks make a second.</summary>
internal static class ClockCalibration
{
    private const int BracketedReadCount = 200;
    private const double LargestDisagreement = 1e-3;
    private static readonly TimeSpan HalfBaseline = TimeSpan.FromMilliseconds(30);

    /// <summary>One moment, read on both clocks.</summary>
    internal readonly record struct Moment(long Ticks, long Nanoseconds);

    public static Clock Calibrate(ClockSource wanted)
    {
        if (wanted == ClockSource.Stopwatch) return Fallback("Stopwatch, as asked for.");
        if (ClockStub.Process is not { } stub) return Fallback(
            "Stopwatch: no time-stamp counter stub (not x86-64 Linux, or executable memory was refused).");
        if (!CounterIsInvariant()) return Fallback("Stopwatch: the processor does not promise an invariant time-stamp counter.");
        string source = KernelsSource();
        if (source is not ("tsc" or "kvm-clock")) return Fallback(
            $"Stopwatch: the kernel keeps time by {source}, so it may distrust the time-stamp counter.");

        // Two halves: a counter that jumped, or a machine that moved meanwhile, gives two rates.
        Moment first = BracketedRead(stub);
        Thread.Sleep(HalfBaseline); // lets calibration time pass; nothing is waited for
        Moment middle = BracketedRead(stub);
        Thread.Sleep(HalfBaseline);
        Moment last = BracketedRead(stub);
        double firstHz = Rate(first, middle), secondHz = Rate(middle, last), frequencyHz = Rate(first, last);
        if (Math.Abs(firstHz - secondHz) > LargestDisagreement * frequencyHz || frequencyHz is < 1e8 or > 1e11)
        {
            return Fallback(string.Create(CultureInfo.InvariantCulture,
                $"Stopwatch: two calibrations of the time-stamp counter disagree ({firstHz:F0} and {secondHz:F0} Hz)."));
        }

        return new Clock(stub, frequencyHz, last, invariant: true,
            $"Invariant time-stamp counter; the kernel keeps time by {source}.");
    }

    /// <summary>What one plain and one ordered read cost in a row of reads: nanoseconds, the cheapest of several rows.</summary>
    public static (double Plain, double Ordered) ReadCosts(Clock clock)
    {
        const int Rows = 20, Reads = 1_000;
        double plain = double.MaxValue, ordered = double.MaxValue;
        for (int row = 0; row < Rows; row++)
        {
            plain = Math.Min(plain, (double)PlainRow(clock, Reads) / Reads);
            ordered = Math.Min(ordered, (double)OrderedRow(clock, Reads) / Reads);
        }

        return (plain, ordered);
    }

    /// <summary>The median step above 0 between two reads in a row, in ticks.</summary>
    public static long TypicalStepTicks(Clock clock)
    {
        List<long> steps = new(10_000);
        long last = clock.Ticks();
        while (steps.Count < steps.Capacity)
        {
            long now = clock.Ticks();
            if (now > last) steps.Add(now - last);
            last = now;
        }

        steps.Sort();
        return steps[steps.Count / 2];
    }

    /// <summary>CPUID 0x80000007, EDX bit 8: the counter runs at one rate in all P-, C- and T-states (AMD APM 3, Intel SDM
    /// 2).</summary>
    private static bool CounterIsInvariant()
    {
        const int Highest = unchecked((int)0x80000000), PowerManagement = unchecked((int)0x80000007), InvariantTsc = 1 << 8;
        return (uint)X86Base.CpuId(Highest, 0).Eax >= unchecked((uint)PowerManagement)
            && (X86Base.CpuId(PowerManagement, 0).Edx & InvariantTsc) != 0;
    }

    /// <summary>What the kernel keeps time by; "unknown" where it does not say.</summary>
    private static string KernelsSource()
    {
        try
        {
            return File.ReadAllText("/sys/devices/system/clocksource/clocksource0/current_clocksource").Trim();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }

    private static Clock Fallback(string note)
    {
        long now = Stopwatch.GetTimestamp();
        return new Clock(null, Stopwatch.Frequency, new Moment(now, Clock.MonotonicNanoseconds()), invariant: false, note);
    }

    private static double Rate(Moment from, Moment to) => (to.Ticks - from.Ticks) * 1e9 / (to.Nanoseconds - from.Nanoseconds);

    /// <summary>Reads the counter between two reads of CLOCK_MONOTONIC, many times, and keeps the narrowest bracket: the one in
    /// which nothing came between.</summary>
    private static unsafe Moment BracketedRead(ClockStub stub)
    {
        long narrowest = long.MaxValue;
        Moment best = default;
        for (int i = 0; i < BracketedReadCount; i++)
        {
            long before = Clock.MonotonicNanoseconds();
            // SAFETY: stub is the process's, whose page stays mapped; see Clock.Ticks.
            long ticks = (long)stub.ReadOrdered();
            long after = Clock.MonotonicNanoseconds();
            if (after - before >= narrowest) continue;
            narrowest = after - before;
            best = new Moment(ticks, before + (narrowest / 2));
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long PlainRow(Clock clock, int reads)
    {
        long started = Clock.MonotonicNanoseconds();
        for (int i = 0; i < reads; i++) _ = clock.Ticks();
        return Clock.MonotonicNanoseconds() - started;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long OrderedRow(Clock clock, int reads)
    {
        long started = Clock.MonotonicNanoseconds();
        for (int i = 0; i < reads; i++) _ = clock.TicksOrdered();
        return Clock.MonotonicNanoseconds() - started;
    }
}
