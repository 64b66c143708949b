using System.Globalization;

namespace Lab.Measure;

/// <summary>Where memory may stall a measurement.</summary>
internal static class MemoryFacts
{
    private const string Group = "memory";
    private const long Roomy = 1L << 30;
    private const long Tight = 256L << 20;

    public static IEnumerable<MachineFact> Read(MachineFiles files)
    {
        string? memory = files.Read("/proc/meminfo");
        yield return Limit(GroupLimits.MemoryLimit(files), Bytes(memory, "MemTotal"), Bytes(memory, "MemAvailable"));
        yield return HugePages(files);
        yield return Swap(files, Bytes(memory, "SwapTotal"), Bytes(memory, "SwapFree"));
    }

    private static MachineFact Limit(long? limit, long? total, long? available)
    {
        string value = $"{Gib(available)} of {Gib(total)} "
            + $"available{(limit is { } most && !(most >= total) ? $", group limit {Gib(most)}" : "")}";
        if (total is null && limit is null) return new(Group, "memory", "unknown", FactState.Unknown,
            "It is unknown how much memory a run may use.");
        long room = Math.Min(limit ?? long.MaxValue, available ?? long.MaxValue);
        return room switch
        {
            < Tight => new(Group, "memory", value, FactState.Bad, "Too little for the default guest: runs are refused, or "
                + "stall in reclaim.", "free memory, raise the group's limit, or lower --memory"),
            < Roomy => new(Group, "memory", value, FactState.Fair, "Enough for small guests; large ones run into reclaim.",
                "free memory, raise the group's limit, or lower --memory"),
            _ => new(Group, "memory", value, FactState.Good, "Guests of the default size fit without reclaim."),
        };
    }

    private static MachineFact HugePages(MachineFiles files)
    {
        string? mode = KernelText.Chosen(files.ReadLine("/sys/kernel/mm/transparent_hugepage/enabled"));
        return mode switch
        {
            null => new(Group, "thp", "unknown", FactState.Unknown, "It is unknown whether the kernel uses huge pages unasked."),
            "always" => new(Group, "thp", mode, FactState.Fair, "Guest memory may get huge pages at times: zaps then cost "
                + "less, at random.", "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"),
            "madvise" => new(Group, "thp", mode, FactState.Good, "Huge pages only where a run asks for them (--backing thp)."),
            _ => new(Group, "thp", mode, FactState.Fair, "No huge pages at all: --backing thp gets small ones.",
                "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"),
        };
    }

    private static MachineFact Swap(MachineFiles files, long? total, long? free)
    {
        if (total is null) return new(Group, "swap", "unknown", FactState.Unknown,
            "It is unknown whether memory may be swapped out.");
        if (total == 0) return new(Group, "swap", "none", FactState.Good, "No page of the run can be swapped out.");
        string swappiness = files.ReadLine("/proc/sys/vm/swappiness") is { } how ? $", swappiness {how}" : "";
        return total - free > total / 10
            ? new(Group, "swap", $"{Gib(total - free)} of {Gib(total)} used{swappiness}", FactState.Bad,
                "Memory has been short: a page of the run may be swapped out, a stall of ms.", "sudo swapoff -a")
            : new(Group, "swap", $"{Gib(total)}, hardly used{swappiness}", FactState.Fair,
                "Under pressure a page of the run may be swapped out, a stall of ms.", "sudo swapoff -a");
    }

    private static long? Bytes(string? memory, string key) => KernelText.Number(KernelText.Field(memory, key)) * 1024;

    private static string Gib(long? bytes) =>
        bytes is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / (double)(1L << 30):0.0} GiB") : "unknown";
}
