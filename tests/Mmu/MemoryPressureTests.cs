using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Roots thrown away faster than the worker tears them down: the backlog is bounded, and the vCPU waits instead of failing.</summary>
public sealed class MemoryPressureTests
{
    [Fact]
    public void A_vcpu_that_outruns_the_worker_waits_for_memory_and_everything_is_freed_in_the_end()
    {
        VmSettings slowWorker = new()
        {
            Vcpus = 1,
            PauseNanoseconds = new Dictionary<PausePoint, long> { [PausePoint.Detached] = 200_000 },
        };
        using Vm<Metal> vm = StrategyFixture.NewVm("workqueue", slowWorker);
        vm.CreateSlot(0, GfnRange.Of(0, 64), MemslotFlags.None);
        Vcpu<Metal> vcpu = vm.Vcpus[0];
        ActorCounters counters = Actor.Current.Counters;
        long stalls = counters.AllocationStalls, loads = counters.RootLoads;
        for (int toggle = 0; toggle < 5000; toggle++)
        {
            while (vcpu.SwitchRole(toggle % 2 == 0 ? RootRole.SystemManagement : RootRole.Normal) == ExitOutcome.NoMemory) { }
            RootStrategyTests.Touch(vm, 0, GfnRange.Of(0, 1));
        }

        Assert.Equal(5000, counters.RootLoads - loads);
        Assert.True(counters.AllocationStalls > stalls);
        Assert.InRange(vm.WorkQueues[0].BacklogMax, 1000, 4096);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }
}
