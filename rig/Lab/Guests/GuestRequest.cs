namespace Lab.Application.Guests;

/// <summary>What the guest's processor shall be.</summary>
public enum ProcessorChoice
{
    /// <summary>Nested where the host's KVM can, else emulated.</summary>
    Auto,
    Nested,
    Emulated,
}

/// <summary>A command of the lab to be run under a kernel.</summary>
public sealed record GuestRequest
{
    /// <summary>A tree or packages, as <see cref="GuestKernel.Find"/> takes them.</summary>
    public required string Kernel { get; init; }

    /// <summary>Folder for what comes back: what the lab writes to <c>results/</c> lies directly in it, the rest and the guest's
    /// own words in a folder below <c>guests/</c>.</summary>
    public required string Out { get; init; }

    /// <summary>Of the lab, without its name.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public ProcessorChoice Processor { get; init; }
    public int Cpus { get; init; } = 2;
    public long MemoryBytes { get; init; } = 3L << 30;

    /// <summary>After which the guest is ended.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Time between two looks of the guest for what is new and not yet on its disk.</summary>
    public TimeSpan KeepEvery { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>How a guest ended.</summary>
/// <param name="Code">Of the lab, as <see cref="ExitCode"/> has them; null where the guest ended before it did.</param>
/// <param name="Failure">One sentence on why there is no code; null where there is one.</param>
/// <param name="Processor">What the guest's processor was.</param>
/// <param name="Folder">The guest's own: console, kernel messages, what the lab printed.</param>
/// <param name="Runs">Run folders that came back, by path.</param>
/// <param name="Output">What the lab printed on standard output.</param>
/// <param name="Complaints">What the kernel complained of: a panic, an oops, a warning, each with its text.</param>
/// <param name="Kernel">Release of the guest's kernel; null if it never said.</param>
public sealed record GuestOutcome(int? Code, string? Failure, GuestProcessor Processor, string Folder, IReadOnlyList<string> Runs,
    string Output, IReadOnlyList<KernelComplaint> Complaints, string? Kernel);
