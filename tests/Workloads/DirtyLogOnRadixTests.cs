using Lab.Mmu;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>The workload with the lab's own log, its actors in turn on one thread: what a harvest without its flush does, and
/// that one with it is clean.</summary>
public sealed class DirtyLogOnRadixTests
{
    private const int Rounds = 200;

    [Theory]
    [InlineData(true, PageLevel.Size4K)]
    [InlineData(true, PageLevel.Size2M)]
    [InlineData(false, PageLevel.Size4K)]
    public void A_harvest_that_does_not_flush_is_a_violation(bool flushes, PageLevel leafs)
    {
        VmSettings settings = new() { Vcpus = 2, MemoryBytes = WorkloadRun.MemoryBytes, LeafLevel = leafs };
        VmDesign<Metal> design = Lab.Strategies.Catalogue.Named("mainline").Design<Metal>();
        if (!flushes) design = design with { DirtyLog = vm => new NeverFlushes(vm) };
        VmSource<Metal> source = new(() => new Vm<Metal>(default, settings, design));
        DirtyLog<Metal> workload = new(source, new WorkloadParameters { MemoryBytes = WorkloadRun.MemoryBytes });
        for (int round = 0; round < Rounds && source.ViolationCount == 0; round++)
        {
            foreach (WorkloadActor actor in workload.Actors)
            {
                actor.Prepare();
                actor.Step();
            }
        }
        Assert.Null(workload.Finish());
        Assert.Equal(flushes ? [] : ["I21"], source.Violations.Select(violation => violation.Invariant).Distinct());
    }

    private sealed class NeverFlushes(Vm<Metal> vm) : DirtyBitmaps<Metal>(vm)
    {
        protected override void Flush() { }
    }
}
