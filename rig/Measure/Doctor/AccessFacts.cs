using System.Globalization;

namespace Lab.Measure;

/// <summary>Which instruments this process may use, judged by files; the command line tries the ones that only a system call can
/// judge.</summary>
internal static class AccessFacts
{
    private const string Group = "instruments";
    private const int CapSysAdmin = 21, CapSysNice = 23, CapPerfMon = 38;
    private const long DescriptorsWanted = 4_096;

    public static IEnumerable<MachineFact> Read(MachineFiles files)
    {
        ulong capabilities = Capabilities(files);
        yield return Paranoia(files, capabilities);
        yield return HardwareCounters(files);
        yield return Tracing(files);
        yield return DmaLatency(files);
        yield return RealTime(files, capabilities);
        yield return Descriptors(files);
    }

    private static MachineFact Paranoia(MachineFiles files, ulong capabilities)
    {
        if (files.Number("/proc/sys/kernel/perf_event_paranoid") is not { } level)
        {
            return new(Group, "perf_paranoid", "no perf events", FactState.Fair,
                "Faults, switches and migrations per thread are not counted.", "boot a kernel with CONFIG_PERF_EVENTS");
        }
        string value = string.Create(CultureInfo.InvariantCulture, $"{level}");
        if (Has(capabilities, CapPerfMon) || Has(capabilities, CapSysAdmin))
        {
            return new(Group, "perf_paranoid", $"{value}, waived by capability", FactState.Good,
                "Faults, switches and migrations are counted per thread (--perf on).");
        }
        return level <= 1
            ? new(Group, "perf_paranoid", value, FactState.Good,
                "Faults, switches and migrations are counted per thread (--perf on).")
            : new(Group, "perf_paranoid", value, FactState.Fair, "The kernel does not count faults, switches and migrations "
                + "for this user.", "sudo sysctl kernel.perf_event_paranoid=1");
    }

    private static MachineFact HardwareCounters(MachineFiles files)
    {
        string[] units = [.. files.Names("/sys/bus/event_source/devices").Where(
            name => name.StartsWith("cpu", StringComparison.Ordinal) || name.StartsWith("armv", StringComparison.Ordinal))];
        return units.Length > 0
            ? new(Group, "perf_counters", string.Join(" ", units), FactState.Good,
                "Cycles, instructions and TLB misses can be counted.")
            : new(Group, "perf_counters", "none", FactState.Fair, "No cycles, instructions or TLB misses: a refault's cost is "
                + "known as time only.", "let the hypervisor expose a PMU (QEMU: -cpu host,pmu=on)");
    }

    private static MachineFact Tracing(MachineFiles files)
    {
        const string meaning = "KVM's own events (faults, zaps) cannot be traced during a run.";
        string? mount = (files.Read("/proc/mounts") ?? "").Split('\n').Select(line => line.Split(' '))
            .FirstOrDefault(fields => fields.Length > 2 && fields[2] == "tracefs")?[1];
        if (mount is null) return new(Group, "tracefs", "not mounted", FactState.Fair, meaning,
            "sudo mount -t tracefs tracefs /sys/kernel/tracing");
        if (files.Names($"{mount}/events").Count == 0) return new(Group, "tracefs", $"{mount}, closed to this user",
            FactState.Fair, meaning, $"sudo chmod -R o+rX {mount} (or run as root)");
        return files.Names($"{mount}/events/kvmmmu").Count > 0
            ? new(Group, "tracefs", $"{mount}, kvmmmu events", FactState.Good,
                "KVM's own events (faults, zaps) can be traced during a run.")
            : new(Group, "tracefs", $"{mount}, no kvmmmu events", FactState.Fair, meaning,
                "sudo modprobe kvm_intel (or kvm_amd)");
    }

    private static MachineFact DmaLatency(MachineFiles files)
    {
        const string device = "/dev/cpu_dma_latency";
        if (!files.Exists(device)) return new(Group, "dma_latency", "absent", FactState.Fair,
            "Idle states cannot be disabled during a run.", "boot with cpuidle.off=1 or idle=poll");
        return files.CanWrite(device)
            ? new(Group, "dma_latency", "writable", FactState.Good, "--quiet idle can disable idle states during a run.")
            : new(Group, "dma_latency", "not writable", FactState.Fair, "--quiet idle cannot disable idle states: wake-ups pay "
                + "for the core's sleep.", "sudo chmod o+w /dev/cpu_dma_latency");
    }

    private static MachineFact RealTime(MachineFiles files, ulong capabilities)
    {
        string limit = Limit(files, "Max realtime priority") ?? "unknown";
        if (Has(capabilities, CapSysNice)) return new(Group, "realtime", "CAP_SYS_NICE", FactState.Good,
            "--quiet fifo can give the updater SCHED_FIFO, which keeps others off its core.");
        return limit is "unknown" or "0"
            ? new(Group, "realtime", $"limit {limit}", FactState.Fair, "--quiet fifo cannot give the updater SCHED_FIFO: others "
                + "may take its core.", "sudo prlimit --pid $$ --rtprio=49 (then run from this shell)")
            : new(Group, "realtime", $"limit {limit}", FactState.Good,
                "--quiet fifo can give the updater SCHED_FIFO, which keeps others off its core.");
    }

    private static MachineFact Descriptors(MachineFiles files)
    {
        string? text = Limit(files, "Max open files");
        if (text is null) return new(Group, "nofile", "unknown", FactState.Unknown,
            "It is unknown how many contexts and counters fit.");
        return text == "unlimited" || (KernelText.Number(text) is { } limit && limit >= DescriptorsWanted)
            ? new(Group, "nofile", text, FactState.Good, "Descriptors suffice for hundreds of contexts and counters.")
            : new(Group, "nofile", text, FactState.Fair, "Many --contexts or --perf on many threads may run out of descriptors.",
                "ulimit -n 20000");
    }

    /// <summary>The soft limit of a line of /proc/self/limits: name, soft and hard stand in columns of fixed width.</summary>
    private static string? Limit(MachineFiles files, string name)
    {
        foreach (string line in (files.Read("/proc/self/limits") ?? "").Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)) return line[name.Length..].Split(' ',
                StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        }
        return null;
    }

    private static ulong Capabilities(MachineFiles files) =>
        ulong.TryParse(KernelText.Field(files.Read("/proc/self/status"), "CapEff"), NumberStyles.HexNumber,
            CultureInfo.InvariantCulture, out ulong bits) ? bits : 0;

    private static bool Has(ulong capabilities, int bit) => ((capabilities >> bit) & 1) != 0;
}
