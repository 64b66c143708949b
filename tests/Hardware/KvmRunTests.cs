using Lab.Application.Catalogue;
using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Strategies;
using Lab.Tests.Workloads;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>Strategies and workloads with the processor as the walker.</summary>
public sealed class KvmRunTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);
    private static readonly HardwareSettings Settings = new() { Contexts = 16, ChunkBytes = 2L << 20 };

    public static TheoryData<string> Sound => [.. StrategyFixture.Sound, "kernel", "kernel-slot-zap"];

    /// <summary>Those that the kernel can be put through: it shows no roots to toggle or put, and no tables.</summary>
    public static TheoryData<string, string> Everything => new(
        from strategy in (string[])["workqueue", "mainline", "kernel"]
        from workload in new LabCatalogue().Workloads
        where workload.FitsMmu("kvm") && workload.Takes(Lab.Strategies.Catalogue.Named(strategy), "kvm")
        select (strategy, workload.Name));

    [Theory]
    [MemberData(nameof(Sound))]
    public void Every_strategy_is_clean_under_deletes_moves_and_dirty_logging(string strategy)
    {
        using IHardwareHost? host = TryOpen(Settings);
        if (host is null) return;
        WorkloadRun.Of(strategy, typeof(MemslotChurn<>), Window, parameters: new WorkloadParameters().With(MemslotChurn.Operation,
            SlotOperation.Mix).With(MemslotChurn.Refill, 0), host: host).AssertClean();
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Every_workload_is_clean(string strategy, string workload)
    {
        using IHardwareHost? host = TryOpen(Settings);
        if (host is null) return;
        WorkloadRun.Of(strategy, Catalogue.Workloads.Single(type => NameOf(type) == workload), Window, host: host).AssertClean();
    }

    [Theory]
    [InlineData(BackingKind.Anonymous, true, DirtyTracking.Log)]
    [InlineData(BackingKind.HugePages, true, DirtyTracking.Log)]
    [InlineData(BackingKind.Shared, true, DirtyTracking.Ring)]
    public void Other_memory_and_other_tracking_are_clean_too(BackingKind backing, bool zapAll, DirtyTracking dirty)
    {
        using IHardwareHost? host = TryOpen(Settings with { Backing = backing, SlotZapAll = zapAll, Dirty = dirty });
        if (host is null) return;
        foreach (string strategy in (string[])["refcount2", "kernel"])
        {
            WorkloadRun.Of(strategy, typeof(FaultStorm<>), Window, host: host).AssertClean();
        }
    }

    /// <summary>Not what the lab's books say, but what the guest read from the page.</summary>
    [Fact]
    public void A_fast_zap_that_returns_early_is_caught_by_what_the_guest_reads()
    {
        using IHardwareHost? host = TryOpen(Settings);
        if (host is null) return;
        using Vm<Metal> vm = StrategyFixture.NewVm("early-return", new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 }, host);
        Actor.Enter("test");
        vm.Slots.Create(0, GfnRange.Of(0, 64), MemslotFlags.None);
        AccessPattern pattern = new(1, GfnRange.Of(0, 64)) { Stride = 1 };
        Touch(vm, ref pattern, 64);
        Assert.Equal(0, vm.Oracle.Count);
        vm.Slots.Delete(0);
        vm.Slots.SettleMemory();
        int reported = vm.Oracle.Count;
        VcpuExit exit = vm.Vcpus[0].Run(ref pattern, 64);
        Assert.Equal(VcpuExit.Request, exit);
        vm.Vcpus[0].Serve(exit);
        vm.Vcpus[0].Run(ref pattern, 64);
        Violation stale = vm.Oracle.Violations.Skip(reported).First();
        Assert.Equal("I21", stale.Invariant);
        Assert.Contains("found a frame freed in generation 1", stale.What);
        vm.Destroy();
        Actor.Leave();
    }

    /// <summary>The same with a strategy that is right: what is gone is a hole, what is new has the new stamp.</summary>
    [Theory]
    [InlineData("mainline")]
    [InlineData("kernel")]
    public void After_an_update_the_guest_finds_nothing_and_then_the_new_generation(string strategy)
    {
        using IHardwareHost? host = TryOpen(Settings);
        if (host is null) return;
        using Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 }, host);
        Actor.Enter("test");
        for (ulong generation = 1; generation < 40; generation++)
        {
            vm.Slots.Create(0, GfnRange.Of(0, 64), MemslotFlags.None);
            AccessPattern pattern = new(1, GfnRange.Of(0, 64)) { Stride = 1, WriteEvery = 2 };
            Touch(vm, ref pattern, 64);
            Assert.Equal(FrameStamp.Of(0, generation), new FrameStamp(vm.Vcpus[0].Touches[^1].Stamp));
            vm.Slots.Delete(0);
            vm.Slots.SettleMemory();
            ExitOutcome outcome;
            do
            {
                outcome = vm.Vcpus[0].Serve(vm.Vcpus[0].Run(ref pattern, 1));
            }
            while (outcome is ExitOutcome.Reloaded or ExitOutcome.Retry);
            Assert.Equal(ExitOutcome.Mmio, outcome);
        }
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Actor.Leave();
    }

    private static void Touch(Vm<Metal> vm, ref AccessPattern pattern, int accesses)
    {
        long until = Actor.Current.Counters.Accesses + accesses;
        while (Actor.Current.Counters.Accesses < until && !vm.Oracle.IsBugged)
        {
            if (vm.Vcpus[0].Run(ref pattern, (int)(until - Actor.Current.Counters.Accesses)) is { IsDone: false } exit)
            {
                vm.Vcpus[0].Serve(exit);
            }
        }
    }

    /// <summary>The host, or null where there is no KVM: then it is refused with a sentence that says what to do.</summary>
    private static IHardwareHost? TryOpen(HardwareSettings settings)
    {
        using KvmBench? bench = KvmBench.TryMake();
        return bench is null ? null : HardwareHosts.Open("kvm", settings);
    }

    private static string NameOf(Type workload) =>
        ((WorkloadAttribute)Attribute.GetCustomAttribute(workload, typeof(WorkloadAttribute))!).Name;
}
