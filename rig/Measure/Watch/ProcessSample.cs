using System.Globalization;

namespace Lab.Measure;

/// <summary>What the kernel has counted about a process and its machine so far; what it does not count is null.</summary>
/// <param name="Nanoseconds">When, on CLOCK_MONOTONIC.</param>
/// <param name="StealTicks">Of all cores together, in ticks of 10 ms.</param>
/// <param name="MajorFaults">Of the process.</param>
/// <param name="Threads">By thread: nanoseconds runnable without a core, times it lost its core, times it changed cores.</param>
/// <param name="Kilohertz">Frequency by core, where the system shows it.</param>
public sealed record ProcessSample(long Nanoseconds, long? StealTicks, long? MajorFaults,
    IReadOnlyDictionary<string, (long Delay, long Switches, long Migrations)> Threads, IReadOnlyDictionary<int, long> Kilohertz)
{
    /// <summary>Waits for a core below this are every scheduler's business and no disturbance.</summary>
    public const long LeastDelayNanoseconds = 100_000;

    private const long NanosecondsPerTick = 10_000_000;
    private const double LeastFrequencyChange = 0.05;

    /// <summary>Reads it all now: a few files per thread.</summary>
    public static ProcessSample Read(MachineFiles files, int processId, long nanoseconds)
    {
        ArgumentNullException.ThrowIfNull(files);
        string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");
        Dictionary<string, (long, long, long)> threads = [];
        foreach (string thread in files.Names($"{process}/task"))
        {
            string task = $"{process}/task/{thread}";
            string[] schedule = (files.ReadLine($"{task}/schedstat") ?? "").Split(' ');
            string? counts = files.Read($"{task}/sched");
            long? switches = KernelText.Number(KernelText.Field(counts, "nr_involuntary_switches"))
                ?? KernelText.Number(KernelText.Field(files.Read($"{task}/status"), "nonvoluntary_ctxt_switches"));
            if (switches is null) continue; // ended meanwhile
            threads[thread] = (
                schedule.Length > 1 ? KernelText.Number(schedule[1]) ?? 0 : 0,
                switches.Value,
                KernelText.Number(KernelText.Field(counts, "se.nr_migrations")) ?? 0);
        }
        Dictionary<int, long> kilohertz = [];
        foreach (int cpu in files.AllowedCpus())
        {
            if (files.Number(string.Create(CultureInfo.InvariantCulture,
                $"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq")) is { } frequency)
            {
                kilohertz[cpu] = frequency;
            }
        }
        string[] machine = (files.ReadLine("/proc/stat") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const int steal = 8, majorFaultsAfterName = 9;
        string? stat = files.ReadLine($"{process}/stat");
        // The name of the program is in parentheses and may hold anything, spaces and parentheses included.
        string[] fields =
            stat is null ? [] : stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new ProcessSample(
            nanoseconds,
            machine.Length > steal ? KernelText.Number(machine[steal]) : null,
            fields.Length > majorFaultsAfterName ? KernelText.Number(fields[majorFaultsAfterName]) : null,
            threads,
            kilohertz);
    }

    /// <summary>What happened between an earlier sample and this one; each lasts from the one to the other, for nobody knows
    /// better.</summary>
    public IEnumerable<Disturbance> Since(ProcessSample earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        Disturbance Between(DisturbanceKind kind, FormattableString detail) =>
            new(kind, earlier.Nanoseconds, Nanoseconds - earlier.Nanoseconds, FormattableString.Invariant(detail));
        if (StealTicks - earlier.StealTicks is > 0 and { } stolen)
        {
            yield return Between(DisturbanceKind.Steal, $"{stolen * NanosecondsPerTick / 1_000_000} ms");
        }
        if (MajorFaults - earlier.MajorFaults is > 0 and { } faults)
        {
            yield return Between(DisturbanceKind.MajorFault, $"{faults}");
        }
        (long delay, long switches, long migrations) = (0, 0, 0);
        foreach ((string thread, (long Delay, long Switches, long Migrations) now) in Threads)
        {
            // A thread that was not there before started in between: all of its counts are new.
            (long Delay, long Switches, long Migrations) before = earlier.Threads.GetValueOrDefault(thread);
            delay += now.Delay - before.Delay;
            switches += now.Switches - before.Switches;
            migrations += now.Migrations - before.Migrations;
        }
        if (delay >= LeastDelayNanoseconds)
        {
            yield return Between(DisturbanceKind.RunQueueDelay, $"{delay / 1000} µs of all threads");
        }
        if (switches > 0) yield return Between(DisturbanceKind.InvoluntarySwitch, $"{switches}");
        if (migrations > 0) yield return Between(DisturbanceKind.Migration, $"{migrations}");
        foreach ((int cpu, long now) in Kilohertz)
        {
            if (earlier.Kilohertz.TryGetValue(cpu, out long before) && Math.Abs(now - before) > LeastFrequencyChange * before)
            {
                yield return Between(DisturbanceKind.FrequencyChange, $"cpu {cpu}: {before / 1000} to {now / 1000} MHz");
            }
        }
    }
}
