using System.Globalization;
using Lab.Time;

namespace Lab.Measure;

/// <summary>What samples are timed with.</summary>
internal static class TimeFacts
{
    private const string Group = "time";

    private static readonly string[] Promises = ["constant_tsc", "nonstop_tsc", "tsc_known_freq", "tsc_reliable", "rdtscp"];

    public static IEnumerable<MachineFact> Read(MachineFiles files, ClockInfo? clock)
    {
        yield return Counter(files);
        yield return Source(files);
        if (clock is not null) yield return Cost(clock);
    }

    private static MachineFact Counter(MachineFiles files)
    {
        string? flags = KernelText.Field(files.Read("/proc/cpuinfo"), "flags");
        if (flags is null) return new(Group, "tsc", "unknown", FactState.Unknown,
            "The processor does not describe a time-stamp counter; Stopwatch is used.");
        string[] all = flags.Split(' ');
        string[] has = [.. Promises.Where(all.Contains)];
        string value = has.Length == 0 ? "not invariant" : string.Join(" ", has);
        return all.Contains("constant_tsc") && all.Contains("nonstop_tsc")
            ? new(Group, "tsc", value, FactState.Good, "The counter runs at one rate in all frequencies and idle states.")
            : new(Group, "tsc", value, FactState.Bad, "The counter may change rate or stop: the lab uses Stopwatch, "
                + "which costs more.", "let the hypervisor expose an invariant TSC (QEMU: -cpu host,+invtsc)");
    }

    private static MachineFact Source(MachineFiles files)
    {
        const string folder = "/sys/devices/system/clocksource/clocksource0";
        string? current = files.ReadLine($"{folder}/current_clocksource");
        string? there = files.ReadLine($"{folder}/available_clocksource");
        return current switch
        {
            null => new(Group, "clocksource", "unknown", FactState.Unknown, "The kernel's clock source is unknown."),
            "tsc" or "kvm-clock" or "arch_sys_counter" => new(Group, "clocksource", current, FactState.Good,
                "The kernel uses the counter that the lab reads: no system call per stamp."),
            _ => new(Group, "clocksource", current, FactState.Bad, "The kernel distrusts the time-stamp counter: every stamp is "
                + "a slow system call.", (there ?? "").Split(' ').Contains("tsc")
                ? "echo tsc | sudo tee /sys/bus/clocksource/devices/*/current_clocksource"
                : "boot with tsc=reliable if the counters of all cores agree"),
        };
    }

    private static MachineFact Cost(ClockInfo clock)
    {
        string value = string.Create(CultureInfo.InvariantCulture,
            $"{clock.Source.ToString().ToLowerInvariant()}: {clock.TicksCostNanoseconds:0.0} ns, ordered "
                + $"{clock.TicksOrderedCostNanoseconds:0.0} ns, step {clock.TypicalStepNanoseconds:0.0} ns");
        double pair = clock.TicksCostNanoseconds + clock.TicksOrderedCostNanoseconds;
        string meaning = string.Create(CultureInfo.InvariantCulture,
            $"Each sample holds about {pair:0} ns of clock reading; shorter times cannot be told apart.");
        return pair switch
        {
            < 60 => new(Group, "clock_cost", value, FactState.Good, meaning),
            < 200 => new(Group, "clock_cost", value, FactState.Fair, meaning),
            _ => new(Group, "clock_cost", value, FactState.Bad, meaning, "see tsc and clocksource above"),
        };
    }
}
