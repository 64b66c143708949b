using System.Globalization;
using System.Runtime.CompilerServices;
using Lab.Time;

namespace Lab.Measure;

/// <summary>How the medians of slices of the same work differ, and how long the work stalls.</summary>
/// <param name="Slices">How many were compared.</param>
/// <param name="UnitNanoseconds">The median of all units.</param>
/// <param name="SpreadPercent">Median absolute deviation of the slice medians, in percent of their median.</param>
/// <param name="FloorPercent">The 95th percentile of the difference between two slices, over all pairs: what two measurements of
/// the same thing differ by.</param>
/// <param name="StallNanoseconds">By how much the 99th percentile of the units exceeds their median.</param>
/// <param name="WorstNanoseconds">By how much the longest unit exceeds the median.</param>
public sealed record SliceSpread(int Slices, double UnitNanoseconds, double SpreadPercent, double FloorPercent,
    double StallNanoseconds, double WorstNanoseconds)
{
    /// <summary><see cref="FloorPercent"/> for people: from twice on, as a factor.</summary>
    public string Floor => FloorPercent < 100
        ? string.Create(CultureInfo.InvariantCulture, $"{FloorPercent:0.0} %")
        : string.Create(CultureInfo.InvariantCulture, $"a factor of {1 + (FloorPercent / 100):0.0}");

    /// <param name="slices">Nanoseconds of each unit, by slice; at least two slices, none empty.</param>
    public static SliceSpread Of(IReadOnlyList<IReadOnlyList<double>> slices)
    {
        ArgumentNullException.ThrowIfNull(slices);
        if (slices.Count < 2 || slices.Any(slice => slice.Count == 0)) throw new ArgumentException(
            "A spread needs two slices with something in each.", nameof(slices));
        double[] medians = [.. slices.Select(slice => Quantile(slice, 0.5))];
        double middle = Quantile(medians, 0.5);
        double deviation = Quantile([.. medians.Select(median => Math.Abs(median - middle))], 0.5);
        List<double> differences = [];
        for (int i = 0; i < medians.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                differences.Add((Math.Max(medians[i], medians[j]) / Math.Min(medians[i], medians[j])) - 1);
            }
        }
        double[] units = [.. slices.SelectMany(slice => slice)];
        double unit = Quantile(units, 0.5);
        return new SliceSpread(slices.Count, unit, 100 * deviation / middle, 100 * Quantile(differences, 0.95),
            Quantile(units, 0.99) - unit, units.Max() - unit);
    }

    private static double Quantile(IEnumerable<double> values, double p)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(p * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}

/// <summary>What the machine makes of measuring the same thing again and again (A/A), for a few seconds: a fixed piece of
/// arithmetic that touches no memory, and a thread that wakes another and is woken back. It is the noise within one process; two
/// processes differ by more.</summary>
/// <param name="Work">Of the arithmetic.</param>
/// <param name="Wake">Of the round trip between two threads.</param>
public sealed record NoiseFloor(SliceSpread Work, SliceSpread Wake)
{
    private const int WorkUnitNanoseconds = 50_000;
    private const int SliceCount = 60;
    private const int LeastUnits = 5;

    /// <summary>Measures for about this long, half of it each; longer on a machine where it hardly gets to run.</summary>
    public static NoiseFloor Measure(TimeSpan length, Clock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        long slice = clock.ToTicks(length / (2 * SliceCount));
        int rounds = RoundsFor(WorkUnitNanoseconds, clock);
        SliceSpread work = SliceSpread.Of(Slices(slice, clock, () => Arithmetic(rounds)));
        using AutoResetEvent there = new(false), back = new(false);
        bool isOver = false;
        Thread other = new(() =>
        {
            while (there.WaitOne() && !Volatile.Read(ref isOver)) back.Set();
        })
        { IsBackground = true, Name = "noise floor" };
        other.Start();
        SliceSpread wake = SliceSpread.Of(Slices(slice, clock, () =>
        {
            there.Set();
            back.WaitOne();
            return 0;
        }));
        Volatile.Write(ref isOver, true);
        there.Set();
        other.Join();
        return new NoiseFloor(work, wake);
    }

    public IEnumerable<MachineFact> Facts()
    {
        yield return Floor("noise_floor", Work, "CPU-bound work", good: 2, fair: 10);
        yield return Floor("noise_wake", Wake, "threads that wake each other", good: 10, fair: 30);
        double worst = Math.Max(Work.StallNanoseconds, 0);
        string value = string.Create(CultureInfo.InvariantCulture, $"p99 {worst / 1000:0.0} µs, longest "
            + $"{Work.WorstNanoseconds / 1000:0} µs per {Work.UnitNanoseconds / 1000:0} µs of work");
        const string meaning = "What plain arithmetic lost to other work: a shorter tail is the machine's.";
        yield return Work.WorstNanoseconds switch
        {
            < 200_000 => new("noise", "noise_stall", value, FactState.Good, meaning),
            < 2_000_000 => new("noise", "noise_stall", value, FactState.Fair, meaning, "see load, steal and cpu_quota above"),
            _ => new("noise", "noise_stall", value, FactState.Bad, meaning, "see load, steal and cpu_quota above"),
        };
    }

    private static MachineFact Floor(string name, SliceSpread spread, string what, double good, double fair)
    {
        string value = string.Create(CultureInfo.InvariantCulture, $"{spread.Floor} (spread "
            + $"{spread.SpreadPercent:0.0} %, {spread.Slices} slices, median {spread.UnitNanoseconds / 1000:0.0} µs)");
        string meaning = string.Create(CultureInfo.InvariantCulture,
            $"Two slices of the same {what} differ by up to that, 19 times in 20: smaller differences are noise.");
        return spread.FloorPercent <= good
            ? new("noise", name, value, FactState.Good, meaning)
            : new("noise", name, value, spread.FloorPercent <= fair ? FactState.Fair : FactState.Bad, meaning,
                "fix what is bad above; then compare more --runs");
    }

    private static List<IReadOnlyList<double>> Slices(long sliceTicks, Clock clock, Func<ulong> unit)
    {
        ulong sink = 0;
        for (int i = 0; i < 100; i++) sink += unit(); // what must be compiled is, and the core is awake
        List<IReadOnlyList<double>> slices = [];
        for (int slice = 0; slice < SliceCount; slice++)
        {
            List<double> units = [];
            for (long end = clock.Ticks() + sliceTicks; clock.Ticks() < end || units.Count < LeastUnits;)
            {
                long begin = clock.Ticks();
                sink += unit();
                units.Add(Math.Max(1, clock.ToNanoseconds(clock.TicksOrdered() - begin)));
            }
            slices.Add(units);
        }
        GC.KeepAlive(sink);
        return slices;
    }

    /// <summary>How many rounds take about that long when nothing comes between.</summary>
    private static int RoundsFor(int nanoseconds, Clock clock)
    {
        const int probe = 10_000;
        long least = long.MaxValue;
        ulong sink = 0;
        for (int i = 0; i < 200; i++)
        {
            long begin = clock.Ticks();
            sink += Arithmetic(probe);
            least = Math.Min(least, Math.Max(1, clock.ToNanoseconds(clock.TicksOrdered() - begin)));
        }
        GC.KeepAlive(sink);
        return (int)Math.Clamp((long)probe * nanoseconds / least, 100, 100_000_000);
    }

    /// <summary>A chain of shifts that no compiler shortens and no cache changes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Arithmetic(int rounds)
    {
        ulong x = 88_172_645_463_325_252;
        for (int i = 0; i < rounds; i++)
        {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        return x;
    }
}
