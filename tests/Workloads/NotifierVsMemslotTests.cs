using Lab.Mmu;
using Lab.Tests.Mmu;
using Lab.Tests.Strategies;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>Notifiers on metal: clean beside faults and updates, balanced at the end, and an update says what it waited for
/// them.</summary>
public class NotifierVsMemslotTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    public static TheoryData<string, string> Everything => new MatrixTheoryData<string, string>(
        ["mainline", "mainline+slots-rwsem", "mainline+active-count", "workqueue+slots-rwsem", "workqueue+active-count"],
        [NotifierVsMemslot.Name, FaultStorm.Name]);

    [Theory]
    [MemberData(nameof(Everything))]
    public void Is_clean_and_balanced(string subject, string workload) =>
        WorkloadRun.Of(subject, workload == FaultStorm.Name ? typeof(FaultStorm<>) : typeof(NotifierVsMemslot<>), Window)
            .AssertClean();

    [Theory]
    [InlineData("mainline", false)]
    [InlineData("mainline+slots-rwsem", true)]
    [InlineData("mainline+active-count", true)]
    public void An_update_says_what_it_waited_for_notifiers_if_it_can_have_to(string subject, bool waits)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(subject, new VmSettings { Vcpus = 1 });
        vm.Slots.Create(0, GfnRange.Of(0, 512), MemslotFlags.None);
        Assert.Equal(waits, vm.Slots.Phases.Nanoseconds[(int)UpdatePhase.SwapWait] >= 0);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Theory]
    [InlineData("mainline+slots-rwsem", "mmu_notifier_slots_lock, exclusive")]
    [InlineData("mainline+active-count", "invalidations to end")]
    public void A_swap_waits_for_an_invalidation_that_is_open(string subject, string wait)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(subject, new VmSettings { Vcpus = 1 });
        vm.Slots.Create(0, GfnRange.Of(0, 512), MemslotFlags.None);
        vm.Notifier.RangeStart(GfnRange.Of(0, 1));
        ActorThread updater = new("updater", () => vm.Slots.Delete(0));
        updater.AwaitWaitingFor(wait);
        Assert.True(vm.Slots.Active.TryGet(0, out Memslot slot) && !slot.IsInvalid, "published beside an open invalidation");
        vm.Notifier.RangeEnd(GfnRange.Of(0, 1));
        updater.Join();
        Assert.False(vm.Slots.Active.TryGet(0, out _));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }
}
