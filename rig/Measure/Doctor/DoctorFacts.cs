using Lab.Time;

namespace Lab.Measure;

/// <summary>Everything that the machine's files say about how well it can be measured on.</summary>
public static class DoctorFacts
{
    /// <summary>Headings in the order in which they are shown.</summary>
    public static IReadOnlyList<string> Groups { get; } =
        ["system", "processor", "memory", "time", "kvm", "instruments", "now", "noise"];

    /// <summary>What <see cref="Read"/> compares with for the steal of the time between.</summary>
    public static string? Stat(MachineFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files.ReadLine("/proc/stat");
    }

    /// <summary>Reads all of it now, within milliseconds. Never throws for what a machine lacks.</summary>
    /// <param name="files">The machine, or a tree that looks like one.</param>
    /// <param name="clock">What reading the clock costs; null leaves that out.</param>
    /// <param name="earlierStat">From <see cref="Stat"/>, for the steal since; null for the steal since boot.</param>
    public static IReadOnlyList<MachineFact> Read(MachineFiles files, ClockInfo? clock = null, string? earlierStat = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        return
        [
            .. SystemFacts.Read(files),
            .. ProcessorFacts.Read(files),
            .. MemoryFacts.Read(files),
            .. TimeFacts.Read(files, clock),
            .. KvmModuleFacts.Read(files),
            .. AccessFacts.Read(files),
            .. LoadFacts.Read(files, earlierStat),
        ];
    }
}
