using Lab.Mmu;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>Ageing schemes on metal beside faults, unmaps and zaps of whole roots; and what a yield costs.</summary>
public class AgeingPassesTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    public static TheoryData<string, string> Everything => new MatrixTheoryData<string, string>(
        ["mainline+lockless", "mainline+mmu-lock", "mainline+rmap-lock", "workqueue+rmap-lock", "slot-zap+rmap-lock",
            "mainline+active-count+rmap-lock", "workqueue+slots-rwsem+lockless"],
        [AgeingPasses.Name, MemslotChurn.Name, FaultStorm.Name]);

    [Theory]
    [MemberData(nameof(Everything))]
    public void A_scheme_is_clean(string subject, string workload) =>
        WorkloadRun.Of(subject, workload == AgeingPasses.Name ? typeof(AgeingPasses<>) : workload == FaultStorm.Name
            ? typeof(FaultStorm<>) : typeof(MemslotChurn<>), Window).AssertClean();

    /// <summary>In one go there is one flush; else there is one before each yield.</summary>
    [Fact]
    public void Flushes_per_unmap_are_counted()
    {
        WorkloadRun whole = WorkloadRun.Of("mainline", typeof(YieldAmplification<>), Window,
            new VmSettings { Vcpus = 2, Yield = YieldPolicy.Off });
        whole.AssertClean();
        Assert.True(whole.Counted["unmaps"] > 0);
        Assert.Equal((1, 1), (whole.Counted["flushes_per_unmap"], whole.Counted["flushes_per_unmap_max"]));
    }
}
