using System.Globalization;
using Lab.Time;

namespace Lab.Measure;

/// <summary>A thread's time on a core and its time runnable without one, in nanoseconds since it started, and what the kernel
/// calls its state (<c>R</c>, <c>S</c>, …), where that was asked.</summary>
public readonly record struct ThreadTimes(long Run, long Delay, char State = ThreadTimes.NotAsked)
{
    public const char NotAsked = '?', Runnable = 'R', Uninterruptible = 'D';
}

/// <summary>Who has had the cores so far: each thread of the process, the process as a whole, and what the hypervisor took.
/// Running totals in nanoseconds; a kernel that does not count them leaves zeroes.</summary>
/// <param name="At">When, on CLOCK_MONOTONIC.</param>
/// <param name="Self">Who reads, by its kernel id.</param>
/// <param name="Threads">By kernel id.</param>
/// <param name="OwnRun">Of all threads, ended ones included.</param>
/// <param name="Stolen">Of all cores of the machine.</param>
/// <param name="Cores">That the process may use at a time.</param>
public sealed record CoreReading(
    long At, int Self, IReadOnlyDictionary<int, ThreadTimes> Threads, long OwnRun, long Stolen, int Cores)
{
    private const string Tasks = "/proc/self/task";

    /// <summary>Reads it all now: a small file per thread, two with their states.</summary>
    public static CoreReading Take(bool withStates)
    {
        MachineFiles files = new();
        Dictionary<int, ThreadTimes> threads = [];
        foreach (string id in files.Names(Tasks))
        {
            string[] times = (files.ReadLine($"{Tasks}/{id}/schedstat") ?? "").Split(' ');
            if (times.Length < 2 || !int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int thread))
            {
                continue; // ended meanwhile
            }
            threads[thread] = new ThreadTimes(KernelText.Number(times[0]) ?? 0, KernelText.Number(times[1]) ?? 0,
                withStates ? StateIn(files.ReadLine($"{Tasks}/{id}/stat")) : ThreadTimes.NotAsked);
        }
        return new CoreReading(Clock.MonotonicNanoseconds(), ThreadPlacement.ThreadId, threads,
            Environment.CpuUsage.TotalTime.Ticks * TimeSpan.NanosecondsPerTick, RuntimeCounters.Read().StealNanoseconds ?? 0,
            MachineLimits.Read().UsableCores);
    }

    /// <summary>Of the time since an earlier reading, how much was the process's to use. Where a thread of it, whoever it is, was
    /// runnable without a core, others may have had that core, for as long as there was time of the cores that the process did
    /// not use itself. Threads of its own that keep each other waiting cost nothing.</summary>
    /// <param name="earlier">Of the same process.</param>
    /// <param name="stopped">How much of it the process was stopped.</param>
    public TimeSpan OwnTimeSince(CoreReading earlier, TimeSpan stopped)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        long length = At - earlier.At - (stopped.Ticks * TimeSpan.NanosecondsPerTick);
        long waited = Threads.Select(one => Waited(earlier.Of(one.Key), one.Value, length)).DefaultIfEmpty().Max();
        long toOthers = (length * Cores) - (OwnRun - earlier.OwnRun);
        long lost = Math.Max(Math.Min(waited, toOthers), (Stolen - earlier.Stolen) / Cores);
        return TimeSpan.FromTicks(Math.Clamp(length - lost, 0, Math.Max(0, length)) / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>How much of the time since an earlier reading the reader neither ran nor waited for a core: it slept, or the
    /// process was stopped.</summary>
    public TimeSpan SleptSince(CoreReading earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        (ThreadTimes now, ThreadTimes then) = (Of(Self), earlier.Of(Self));
        return TimeSpan.FromTicks(
            Math.Max(0, At - earlier.At - (now.Run - then.Run) - (now.Delay - then.Delay)) / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>What each thread but the reader had of the time since an earlier reading, a line each, by id; those left out
    /// that neither had nor wanted any.</summary>
    public IEnumerable<string> LinesSince(CoreReading earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        const long leastNanoseconds = 10_000_000;
        MachineFiles files = new();
        foreach ((int id, ThreadTimes now) in Threads.Where(one => one.Key != Self).OrderBy(one => one.Key))
        {
            ThreadTimes then = earlier.Of(id);
            if (now.State is not (ThreadTimes.Runnable or ThreadTimes.Uninterruptible)
                && now.Run - then.Run + now.Delay - then.Delay < leastNanoseconds)
            {
                continue;
            }
            string name = files.ReadLine($"{Tasks}/{id}/comm") ?? "thread";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name} ({id}, {now.State}) ran {(now.Run - then.Run) / 1e9:0.00} s, "
                    + $"waited {(now.Delay - then.Delay) / 1e9:0.00} s for a core");
        }
    }

    /// <summary>Zeroes for a thread that was not there.</summary>
    private ThreadTimes Of(int thread) => Threads.GetValueOrDefault(thread);

    /// <summary>The kernel books a wait when it has ended: who is runnable and has neither run nor waited still waits.</summary>
    private static long Waited(ThreadTimes then, ThreadTimes now, long length) =>
        now.State == ThreadTimes.Runnable && (then.Run, then.Delay) == (now.Run, now.Delay) ? length : now.Delay - then.Delay;

    /// <summary>What stands behind the name, which is in parentheses and may hold anything.</summary>
    private static char StateIn(string? stat) =>
        stat is not null && stat.LastIndexOf(')') + 2 is var at && at < stat.Length ? stat[at] : ThreadTimes.NotAsked;
}
