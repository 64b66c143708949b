namespace Lab.Bench.Peers;

/// <summary>One piece of work that both sides of the memslot comparison do in a round.</summary>
/// <param name="Name">The peer's <c>--case</c>.</param>
/// <param name="Pages">That the guest stores to in one pass.</param>
/// <param name="Stride">Pages from one store to the next.</param>
/// <param name="Iterations">Timed ones; <see cref="Warmup"/> more come before them.</param>
/// <param name="Operations">What is compared, by the peer's names; the rest of what the peer times is done and not
/// compared.</param>
internal sealed record MemslotCase(string Name, int Pages, int Stride, int Iterations, IReadOnlyList<string> Operations)
{
    public const int Warmup = 50;

    /// <summary>Pages of the slot under test. Allocating its reverse map is part of each create, so the size is the same
    /// everywhere.</summary>
    public const int SlotPages = 32_768;

    public const string Delete = "delete";
    public const string Create = "create";

    /// <summary>The stores behind delete and create, as the host sees them: one KVM_RUN.</summary>
    public const string FaultPass = "fault_pass";

    /// <summary>The same stores one by one, as the guest sees them.</summary>
    public const string FaultTsc = "fault_tsc";

    private const string Recreate = "recreate";
    private const string Fault = "fault";

    /// <summary>No, few and many mapped pages, then the faults one by one. KVM maps eight neighbours with a page, so with a
    /// stride of eight every store faults. Iterations are such that all take together some seconds, and that a 99th percentile
    /// does not hang on one sample.</summary>
    public static IReadOnlyList<MemslotCase> All { get; } =
    [
        new(Recreate, Pages: 0, Stride: 1, Iterations: 1000, [Delete, Create]),
        new(Recreate, Pages: 512, Stride: 1, Iterations: 1000, [Delete, Create, FaultPass]),
        new(Recreate, Pages: 4096, Stride: 1, Iterations: 400, [Delete, Create, FaultPass]),
        new(Fault, Pages: 512, Stride: 8, Iterations: 100, [FaultTsc]),
    ];

    public bool IsTimedByGuest => Name == Fault;

    /// <summary>Samples of each operation in a round. Of a pass timed by the guest the first store is left out: it builds tables
    /// as well.</summary>
    public int Samples => IsTimedByGuest ? Iterations * (Pages - 1) : Iterations;
}

/// <summary>What one round found for one operation, in nanoseconds.</summary>
internal readonly record struct RoundQuantiles(long P50, long P99, int Samples)
{
    /// <summary>Sorts the samples; takes of them the ones that the peer takes, without interpolation.</summary>
    public static RoundQuantiles Of(Span<long> samples)
    {
        samples.Sort();
        return new RoundQuantiles(At(samples, 0.5), At(samples, 0.99), samples.Length);
    }

    private static long At(ReadOnlySpan<long> sorted, double q) => sorted[(int)(q * (sorted.Length - 1) + 0.5)];
}
