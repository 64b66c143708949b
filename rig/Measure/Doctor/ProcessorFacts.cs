using System.Globalization;

namespace Lab.Measure;

/// <summary>What the processor's cores do behind a measurement's back.</summary>
internal static class ProcessorFacts
{
    private const string Group = "processor";
    private const string Cpu = "/sys/devices/system/cpu";

    public static IEnumerable<MachineFact> Read(MachineFiles files)
    {
        IReadOnlyList<int> allowed = files.AllowedCpus();
        yield return Cores(allowed, files.OnlineCpus());
        yield return Smt(files, allowed);
        yield return Governor(files, allowed);
        yield return Boost(files);
        yield return Quota(GroupLimits.CpuQuota(files), GroupLimits.Throttled(files), allowed.Count);
        yield return Isolated(files, allowed);
        yield return Ticks(files, allowed);
        yield return IdleStates(files);
    }

    private static MachineFact Cores(IReadOnlyList<int> allowed, IReadOnlyList<int> online)
    {
        string value = string.Create(CultureInfo.InvariantCulture, $"{allowed.Count} of {online.Count}");
        if (allowed.Count == 0) return new(Group, "cores", "unknown", FactState.Unknown,
            "It is unknown how many threads can run at a time.");
        if (allowed.Count < 2) return new(Group, "cores", value, FactState.Bad, "Updater and vCPU take turns: every latency "
            + "includes waiting for the core.", "give the process or VM at least two cores (taskset, docker --cpuset-cpus)");
        if (allowed.Count < 4) return new(Group, "cores", value, FactState.Fair, "Room for an updater and a vCPU or two; no "
            + "contention among many vCPUs.", "give the process or VM four cores or more");
        return new(Group, "cores", value, FactState.Good, string.Create(CultureInfo.InvariantCulture,
            $"An updater and {allowed.Count - 1} vCPUs can run without taking turns."));
    }

    private static MachineFact Smt(MachineFiles files, IReadOnlyList<int> allowed)
    {
        string? active = files.ReadLine($"{Cpu}/smt/active"), control = files.ReadLine($"{Cpu}/smt/control");
        IEnumerable<IReadOnlyList<int>> siblings = allowed
            .Select(cpu => MachineFiles.CpuList(
                files.ReadLine(string.Create(CultureInfo.InvariantCulture, $"{Cpu}/cpu{cpu}/topology/thread_siblings_list"))))
            .Select(together => (IReadOnlyList<int>)[.. together.Intersect(allowed)]);
        string[] shared = [.. siblings.Where(together => together.Count > 1).Select(MachineFiles.CpuRanges).Distinct()];
        if (shared.Length > 0)
        {
            string some = string.Join(" ", shared.Take(4)) + (shared.Length > 4 ? " …" : "");
            return new(Group, "smt", $"on: {some}", FactState.Fair, "These CPUs share a core: a thread slows down when its "
                + "sibling works.", "echo off | sudo tee /sys/devices/system/cpu/smt/control");
        }
        if (active is null && control is null) return new(Group, "smt", "unknown", FactState.Unknown,
            "It is unknown whether CPUs share a core.");
        return active == "1"
            ? new(Group, "smt", "on, siblings not allowed", FactState.Fair, "The allowed CPUs share cores with CPUs that "
                + "others may use.", "echo off | sudo tee /sys/devices/system/cpu/smt/control")
            : new(Group, "smt", control is "notsupported" ? "none" : "off", FactState.Good,
                "No two CPUs share a core, as far as this system can see.");
    }

    private static MachineFact Governor(MachineFiles files, IReadOnlyList<int> allowed)
    {
        List<IGrouping<string, int>> governors = allowed
            .Select(cpu => (Cpu: cpu, Name: files.ReadLine(
                string.Create(CultureInfo.InvariantCulture, $"{Cpu}/cpu{cpu}/cpufreq/scaling_governor"))))
            .Where(one => one.Name is not null)
            .GroupBy(one => one.Name!, one => one.Cpu)
            .ToList();
        if (governors.Count == 0) return new(Group, "governor", "none", FactState.Unknown, "This system does not control the "
            + "frequency, as in most VMs: it may change unseen.", "set the governor on the host, if it is yours");
        string value = governors.Count == 1 ? governors[0].Key
            : string.Join(", ", governors.Select(one => $"{one.Key} ({MachineFiles.CpuRanges(one)})"));
        return governors.All(one => one.Key == "performance")
            ? new(Group, "governor", value, FactState.Good, "The kernel asks for the highest frequency at all times.")
            : new(Group, "governor", value, FactState.Bad, "The frequency follows the load: work after a pause starts slowly.",
                "sudo cpupower frequency-set -g performance");
    }

    private static MachineFact Boost(MachineFiles files)
    {
        const string meaning = "Turbo varies with temperature and with the number of busy cores.";
        const string steady = "No turbo: the frequency does not depend on temperature or neighbours.";
        return (files.ReadLine($"{Cpu}/intel_pstate/no_turbo"), files.ReadLine($"{Cpu}/cpufreq/boost")) switch
        {
            ("0", _) => new(Group, "boost", "on", FactState.Fair, meaning,
                "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
            ("1", _) => new(Group, "boost", "off", FactState.Good, steady),
            (_, "1") =>
                new(Group, "boost", "on", FactState.Fair, meaning, "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
            (_, "0") => new(Group, "boost", "off", FactState.Good, steady),
            _ => new(Group, "boost", "not shown", FactState.Unknown, meaning,
                "turn it off on the host or in the firmware, if they are yours"),
        };
    }

    private static MachineFact Quota(double? quota, long? throttled, int allowed)
    {
        if (quota is not { } cores) return new(Group, "cpu_quota", "none", FactState.Good,
            "No control group throttles the process.");
        string value = string.Create(CultureInfo.InvariantCulture,
            $"{cores:0.##} cores{(throttled > 0 ? $", throttled {throttled} times" : "")}");
        return cores < allowed
            ? new(Group, "cpu_quota", value, FactState.Bad, "When the quota is used up, all threads stop until the next period, "
                + "up to 100 ms.", "echo max | sudo tee <group>/cpu.max; docker: drop --cpus")
            : new(Group, "cpu_quota", value, FactState.Fair, "The quota covers every allowed core; helper threads may still "
                + "be throttled.", "echo max | sudo tee <group>/cpu.max; docker: drop --cpus");
    }

    private static MachineFact Isolated(MachineFiles files, IReadOnlyList<int> allowed)
    {
        if (files.ReadLine($"{Cpu}/isolated") is not { } text) return new(Group, "isolated", "unknown", FactState.Unknown,
            "It is unknown whether any cores are isolated.");
        return MachineFiles.CpuList(text).Intersect(allowed).Any()
            ? new(Group, "isolated", text, FactState.Good,
                "The scheduler puts nothing on these cores unasked; pin with --quiet pin.")
            : new(Group, "isolated", text.Length > 0 ? $"{text}, not allowed here" : "none", FactState.Fair,
                "Any thread may be scheduled on the measuring cores.", "boot with isolcpus=managed_irq,domain,<cpus>");
    }

    private static MachineFact Ticks(MachineFiles files, IReadOnlyList<int> allowed)
    {
        string text = files.ReadLine($"{Cpu}/nohz_full") is { } list && MachineFiles.CpuList(list).Count > 0 ? list : "";
        return MachineFiles.CpuList(text).Intersect(allowed).Any()
            ? new(Group, "nohz_full", text, FactState.Good,
                "A thread alone on one of these cores is not interrupted by the timer tick.")
            : new(Group, "nohz_full", text.Length > 0 ? $"{text}, not allowed here" : "none", FactState.Fair,
                "The timer tick interrupts every thread 100 to 1000 times a second for a few µs.",
                "boot with nohz_full=<cpus> rcu_nocbs=<cpus>");
    }

    private static MachineFact IdleStates(MachineFiles files)
    {
        string driver = files.ReadLine($"{Cpu}/cpuidle/current_driver") ?? "none";
        string[] states =
            [.. files.Names($"{Cpu}/cpu0/cpuidle").Where(name => name.StartsWith("state", StringComparison.Ordinal))];
        long deepest = states.Select(state => files.Number($"{Cpu}/cpu0/cpuidle/{state}/latency") ?? 0).DefaultIfEmpty(0).Max();
        string value = string.Create(CultureInfo.InvariantCulture, $"{driver}, {states.Length} states, up to {deepest} µs");
        if (states.Length == 0) return new(Group, "idle_states", driver, FactState.Unknown,
            "Idle wake-up times are unknown; in a VM the host's idle states count too.");
        if (driver == "haltpoll") return new(Group, "idle_states", value, FactState.Fair, "An idle core returns to the host: "
            + "waking it costs an exit, tens of µs.", "lab run --quiet idle (holds /dev/cpu_dma_latency at 0)");
        return deepest <= 2
            ? new(Group, "idle_states", value, FactState.Good, "Idle cores wake at once, as far as this system can see.")
            : new(Group, "idle_states", value, FactState.Fair, "A thread that wakes on an idle core pays the exit from "
                + "its idle state.", "lab run --quiet idle (holds /dev/cpu_dma_latency at 0)");
    }
}
