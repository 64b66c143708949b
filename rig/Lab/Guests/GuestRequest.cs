namespace Lab.Application.Guests;

/// <summary>What the guest's processor shall be.</summary>
public enum ProcessorChoice
{
    /// <summary>Nested where the host's KVM can, else emulated.</summary>
    Auto,
    Nested,
    Emulated,
}

/// <summary>Commands of the lab to be run under a kernel.</summary>
public sealed record GuestRequest
{
    /// <summary>A tree or packages, as <see cref="GuestKernel.Find(string, string)"/> takes them.</summary>
    public required string Kernel { get; init; }

    /// <summary>Folder for what comes back: what the lab writes to <c>results/</c> lies directly in it, the rest and the guest's
    /// own words in a folder below <c>guests/</c>.</summary>
    public required string Out { get; init; }

    /// <summary>Of the lab, without its name; one list for each command. They run one after another, whatever the ones before
    /// ended with.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Commands { get; init; }

    public ProcessorChoice Processor { get; init; }
    public int Cpus { get; init; } = 2;
    public long MemoryBytes { get; init; } = 3L << 30;

    /// <summary>After which the guest is ended.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Time between two looks of the guest for what is new and not yet on its disk.</summary>
    public TimeSpan KeepEvery { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>How a guest ended.</summary>
/// <param name="Codes">Of the commands that ended, as <see cref="ExitCode"/> has them.</param>
/// <param name="Failure">One sentence on why there are fewer than commands; null where there are not.</param>
/// <param name="Processor">What the guest's processor was.</param>
/// <param name="Folder">The guest's own: console, kernel messages, what the lab printed.</param>
/// <param name="Runs">Run folders that came back, by path.</param>
/// <param name="Output">What the lab printed on standard output.</param>
/// <param name="Complaints">What the kernel complained of: a panic, an oops, a warning, each with its text.</param>
/// <param name="Kernel">Release of the guest's kernel; null if it never said.</param>
public sealed record GuestOutcome(IReadOnlyList<int> Codes, string? Failure, GuestProcessor Processor, string Folder,
    IReadOnlyList<string> Runs, string Output, IReadOnlyList<KernelComplaint> Complaints, string? Kernel)
{
    /// <summary>The host's disk was full, or failed: not all that was finished came back.</summary>
    public bool HasUnwritten { get; init; }
}
