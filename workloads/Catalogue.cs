using Lab.Settings;

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
        typeof(NotifierVsMemslot<>),
        typeof(YieldAmplification<>),
        typeof(AgeingPasses<>),
        typeof(ZapGranularity<>),
        typeof(ReloadConvoy<>),
        typeof(Bystander<>),
        typeof(NxRecoveries<>),
    ];

    /// <summary>Settings of all workloads, and of those that have their own.</summary>
    public static IReadOnlyList<SettingGroup> Settings { get; } =
        [WorkloadParameters.Declared, MemslotChurn.Declared, FaultStorm.Declared, VmmTraceReplay.Declared,
        NotifierVsMemslot.Declared, AgeingPasses.Declared, Bystander.Declared, NxRecoveries.Declared];

    /// <summary>The one that is run when none is named.</summary>
    public static string ByDefault => MemslotChurn.Name;
}
