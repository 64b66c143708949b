using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Large leafs on radix: where they are mapped, what splits them, what puts them together again.</summary>
public sealed unsafe class HugePagesTests
{
    private static readonly GfnRange All = GfnRange.Of(0, 1024);

    [Theory]
    [InlineData(PageLevel.Size2M, 2)]
    [InlineData(PageLevel.Size1G, 2)]
    public void Logging_splits_what_is_mapped_and_its_end_merges_it(PageLevel leafs, int large)
    {
        ulong frames = Gfn.FramesPerSpte(leafs) * (ulong)large;
        using Vm<Metal> vm = New(leafs, frames);
        vm.Touch(GfnRange.Of(0, 1));
        vm.Touch(GfnRange.Of(Gfn.FramesPerSpte(leafs), 1));
        TdpRoot root = vm.Vcpus[0].Root;
        GfnRange all = GfnRange.Of(0, frames);
        Assert.Equal(large, vm.Present(root, all));

        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.Equal((long)frames, vm.Present(root, all));

        long flushes = Actor.Current.Counters.RemoteFlushes;
        vm.Slots.SetFlags(0, MemslotFlags.None);
        Assert.Equal(large, vm.Present(root, all));
        Assert.InRange(Actor.Current.Counters.RemoteFlushes - flushes, 1, 2);
        // It is write-protected, as the leaf was that gave it: one fault for all of it.
        Assert.Equal(1, vm.Touch(GfnRange.Of(0, 8)));
        End(vm);
    }

    /// <summary>The first write after it finds the page write-protected, and nothing is marked that was not written.</summary>
    [Fact]
    public void What_was_split_maps_the_same_and_may_not_be_written_unseen()
    {
        using Vm<Metal> vm = New(PageLevel.Size2M, 1024);
        vm.Touch(GfnRange.Of(0, 1));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.Equal(WalkOutcome.Ok, WalkOf(vm, 5, write: false));
        Assert.Equal(WalkOutcome.Fault, WalkOf(vm, 5, write: true));
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        End(vm);
    }

    /// <summary>A page above the end of the slot would otherwise be reached through it.</summary>
    [Fact]
    public void A_slot_that_does_not_hold_the_large_page_whole_is_mapped_by_4KiB_there()
    {
        using Vm<Metal> vm = New(PageLevel.Size2M, 600);
        vm.Touch(GfnRange.Of(0, 1));
        vm.Touch(GfnRange.Of(512, 1));
        TdpRoot root = vm.Vcpus[0].Root;
        Assert.Equal(1, vm.Present(root, GfnRange.Of(0, 512)));
        Assert.Equal(1, vm.Present(root, GfnRange.Of(512, 512)));
        Assert.Equal(WalkOutcome.Fault, WalkOf(vm, 600, write: false));
        End(vm);
    }

    [Fact]
    public void A_fault_for_a_smaller_leaf_splits_and_one_for_a_larger_replaces_the_table_and_flushes()
    {
        using RadixRig rig = new(new VmSettings { MemoryBytes = 8 << 20, LeafLevel = PageLevel.Size2M });
        TdpRoot root = rig.NewRoot();
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 3, write: false));
        Assert.Equal(1, rig.Present(root, All));
        Assert.Equal(MapOutcome.Spurious, MapAt(rig, root, 3, PageLevel.Size4K));
        Assert.Equal(512, rig.Present(root, All));
        long flushes = Actor.Current.Counters.RemoteFlushes;
        Assert.Equal(MapOutcome.Fixed, MapAt(rig, root, 3, PageLevel.Size2M));
        Assert.Equal(1, rig.Present(root, All));
        Assert.Equal(1, Actor.Current.Counters.RemoteFlushes - flushes);
        rig.ZapShared(root, ZapPasses.Fine);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    /// <summary>Another walk has marked the leaf, or somebody has zapped it, between the look and the CAS: the fault is taken
    /// again, and no page is missing.</summary>
    [Theory]
    [InlineData(Spte.Dirty)]
    [InlineData(0UL)]
    public void A_split_that_loses_its_race_is_tried_again(ulong becomes)
    {
        using RadixRig rig = new(new VmSettings { MemoryBytes = 8 << 20, LeafLevel = PageLevel.Size2M });
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 3, write: false);
        ulong* leaf = rig.SptepOf(root, 3, PageLevel.Size2M);
        ulong before = *leaf;
        rig.Script.BeforeCompareExchange = (comparand, value) => *leaf = becomes == 0 ? Spte.NonPresent : before | becomes;
        Assert.Equal(MapOutcome.Retry, MapAt(rig, root, 3, PageLevel.Size4K));
        rig.Script.BeforeCompareExchange = null;
        *leaf = before;
        Assert.Equal(MapOutcome.Spurious, MapAt(rig, root, 3, PageLevel.Size4K));
        rig.ZapShared(root, ZapPasses.Fine);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
    }

    [Fact]
    public void Without_a_table_page_a_split_is_out_of_memory_and_the_leaf_stays()
    {
        using RadixRig rig = new(new VmSettings { MemoryBytes = 8 << 20, LeafLevel = PageLevel.Size2M });
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 3, write: false);
        rig.Cache.Drain();
        rig.Lock.EnterShared();
        rig.Mmu.Rcu.Enter();
        Assert.Equal(MapOutcome.NoMemory, rig.Mmu.MapAt(rig.Cache, root,
            new Mapping(new Gfn(3), new Hva(RadixRig.Frame), MayWrite: true, Write: true), PageLevel.Size4K));
        rig.Mmu.Rcu.Exit();
        rig.Lock.ExitShared();
        Assert.Equal(1, rig.Present(root, All));
        rig.ZapShared(root, ZapPasses.Fine);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
    }

    /// <summary>Accessed and dirty go with the leaf that gives the large one.</summary>
    [Fact]
    public void An_empty_table_stays_and_one_leaf_is_enough_to_merge()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 7);
        rig.Map(root, 513);
        rig.ZapLeafs(root, GfnRange.Of(513, 1));
        rig.Mmu.Rcu.Enter();
        rig.Lock.EnterShared();
        Assert.True(rig.Mmu.Merge(root, All, PageLevel.Size2M, default(SharedHold), hooks: null));
        rig.Lock.ExitShared();
        rig.Mmu.Rcu.Exit();
        Assert.Equal(1, rig.Present(root, All));
        Assert.Equal(RadixRig.Frame, Spte.Address(*rig.SptepOf(root, 0, PageLevel.Size2M)));
        Assert.False(Spte.IsLeaf(*rig.SptepOf(root, 512, PageLevel.Size2M), PageLevel.Size2M));
        rig.ZapShared(root, ZapPasses.Root);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    /// <summary>Every leaf that comes or goes is told of, on the chains, too.</summary>
    [Theory]
    [InlineData("mainline+rmap-lock")]
    [InlineData("mainline+lockless")]
    public void Ageing_knows_of_what_was_split_and_merged(string subject)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(
            subject, new VmSettings { Vcpus = 1, MemoryBytes = 4 << 20, LeafLevel = PageLevel.Size2M });
        vm.Slots.Create(0, All, MemslotFlags.None);
        vm.Touch(GfnRange.Of(0, 1));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.True(vm.Ageing.ClearYoung(GfnRange.Of(9, 1)));
        vm.Slots.SetFlags(0, MemslotFlags.None);
        vm.Slots.Delete(0);
        End(vm);
    }

    private static MapOutcome MapAt(RadixRig rig, TdpRoot root, ulong gfn, PageLevel level)
    {
        rig.Cache.TopUp();
        rig.Lock.EnterShared();
        rig.Mmu.Rcu.Enter();
        MapOutcome outcome = rig.Mmu.MapAt(
            rig.Cache, root, new Mapping(new Gfn(gfn), new Hva(RadixRig.Frame), MayWrite: true, Write: false), level);
        rig.Mmu.Rcu.Exit();
        rig.Lock.ExitShared();
        return outcome;
    }

    private static WalkOutcome WalkOf(Vm<Metal> vm, ulong gfn, bool write)
    {
        vm.Machine.EnterRcu(vm.Rcu);
        WalkOutcome outcome = vm.Walk(vm.Vcpus[0].Root, new Gfn(gfn), write, out _);
        vm.Machine.ExitRcu(vm.Rcu);
        return outcome;
    }

    private static Vm<Metal> New(PageLevel leafs, ulong frames)
    {
        Vm<Metal> vm = StrategyFixture.NewVm(
            "mainline", new VmSettings { Vcpus = 1, MemoryBytes = (long)frames << 12, LeafLevel = leafs });
        vm.Slots.Create(0, GfnRange.Of(0, frames), MemslotFlags.None);
        return vm;
    }

    private static void End(Vm<Metal> vm)
    {
        vm.Vcpus[0].CheckCached();
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }
}
