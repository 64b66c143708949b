namespace Lab.Workloads;

/// <summary>The workloads there are, as a table of contents. A new workload is its file and one line here.</summary>
public static class Catalogue
{
    /// <summary>Open generic classes, each with a <see cref="WorkloadAttribute"/>.</summary>
    public static IReadOnlyList<Type> Workloads { get; } =
    [
        typeof(MemslotChurn<>),
        typeof(FaultStorm<>),
        typeof(LastPut<>),
        typeof(RootToggle<>),
        typeof(VmDestroy<>),
        typeof(VmmTraceReplay<>),
        typeof(SlotGrowth<>),
        typeof(DirtyLog<>),
    ];
}
