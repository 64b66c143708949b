using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Roots thrown away faster than the worker tears them down: the backlog is bounded, and the vCPU waits instead of
/// failing.</summary>
public sealed class MemoryPressureTests
{
    [Fact]
    public void A_vcpu_that_outruns_the_worker_waits_for_memory_and_everything_is_freed_in_the_end()
    {
        using ManualResetEventSlim gate = new();
        using Vm<Metal> vm =
            new(default, new VmSettings { Vcpus = 1 }, StrategyFixture.With<Metal>(vm => new GatedWorker(vm, gate)));
        vm.Slots.Create(0, GfnRange.Of(0, 64), MemslotFlags.None);
        Vcpu<Metal> vcpu = vm.Vcpus[0];
        ActorCounters counters = Actor.Current.Counters;
        long stalls = counters.AllocationStalls;
        int loads = 0;
        while (vcpu.SwitchRole(loads % 2 == 0 ? RootRole.SystemManagement : RootRole.Normal) != ExitOutcome.NoMemory)
        {
            RootStrategyTests.Touch(vm, 0, GfnRange.Of(0, 1));
            loads++;
            Assert.InRange(loads, 0, 100_000);
        }
        Assert.Equal(stalls + 1, counters.AllocationStalls);
        Assert.InRange(vm.WorkQueues[0].BacklogMax, loads / 2, loads);

        gate.Set();
        while (vcpu.SwitchRole(RootRole.Normal) == ExitOutcome.NoMemory) { }
        RootStrategyTests.Touch(vm, 0, GfnRange.Of(0, 64));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }

    /// <summary>The put of <c>workqueue</c>, with a worker that does nothing until it is let.</summary>
    private sealed class GatedWorker : RootStrategy<Metal>
    {
        private readonly WorkQueue _queue;

        public GatedWorker(Vm<Metal> vm, ManualResetEventSlim gate)
            : base(vm) => _queue = vm.NewWorkQueue("gated", root =>
            {
                gate.Wait(CancellationToken.None);
                ZapRootWork(root);
            });

        public override TdpRoot GetVcpuRoot(Vcpu<Metal> vcpu, RootRole role, MmuHold hold) =>
            FindOrCreateRoot(vcpu, role, count: 1);

        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) != 0) return;
            if (!ExchangeInvalid(root))
            {
                UnlinkAndFree(root);
                return;
            }
            Machine.StoreRelaxed(ref root.Count, 1);
            Vm.Queue(_queue, root);
        }

        public override void InvalidateAllRoots(ExclusiveHold hold) =>
            throw new InvalidOperationException("no memslot is deleted here");

        public override void ZapInvalidatedRoots() => Machine.Flush(_queue);

        public override void Destroy() => Machine.Flush(_queue);

        protected override void DisposeOwned() => _queue.Dispose();
    }
}
