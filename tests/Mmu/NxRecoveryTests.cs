using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Leaf tables taken out of live roots on radix: what goes, what stays, what is owed.</summary>
public sealed unsafe class NxRecoveryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_table_of_the_frame_goes_with_one_flush_and_comes_back_with_the_next_faults(bool isExclusive)
    {
        using Vm<Metal> vm = New();
        vm.Touch(GfnRange.Of(0, 8));
        vm.Touch(GfnRange.Of(512, 8));
        TdpRoot root = vm.Vcpus[0].Root;
        ActorCounters counters = Actor.Current.Counters;
        (long flushes, long tables) = (counters.RemoteFlushes, counters.TablesZapped);

        Assert.Equal(1, vm.Recovery.Recover(new Gfn(511), isExclusive));
        Assert.Equal(0, vm.Present(root, GfnRange.Of(0, 512)));
        Assert.Equal(8, vm.Present(root, GfnRange.Of(512, 512)));
        Assert.Equal((1, 1), (counters.RemoteFlushes - flushes, counters.TablesZapped - tables));

        Assert.Equal(8, vm.Touch(GfnRange.Of(0, 8)));
        Assert.Equal(0, vm.Touch(GfnRange.Of(512, 8)));
        End(vm);
    }

    [Fact]
    public void Where_there_is_no_table_nothing_is_taken_and_nothing_flushed()
    {
        using Vm<Metal> vm = New();
        vm.Touch(GfnRange.Of(512, 1));
        long flushes = Actor.Current.Counters.RemoteFlushes;
        Assert.Equal(0, vm.Recovery.Recover(new Gfn(0)));
        Assert.Equal(0, vm.Recovery.Recover(new Gfn(1UL << 27)));
        Assert.Equal(1, vm.Recovery.Recover(new Gfn(512)));
        Assert.Equal(0, vm.Recovery.Recover(new Gfn(512)));
        Assert.Equal(1, Actor.Current.Counters.RemoteFlushes - flushes);
        End(vm);
    }

    [Fact]
    public void Where_leafs_are_large_there_is_no_table()
    {
        using Vm<Metal> vm = New(settings => settings with { LeafLevel = PageLevel.Size2M });
        vm.Touch(GfnRange.Of(0, 1));
        Assert.Equal(0, vm.Recovery.Recover(new Gfn(0)));
        Assert.Equal(1, vm.Present(vm.Vcpus[0].Root, GfnRange.Of(0, 512)));
        End(vm);
    }

    [Fact]
    public void A_root_that_is_being_zapped_is_left_to_who_zaps_it()
    {
        using Vm<Metal> vm = New();
        vm.Touch(GfnRange.Of(0, 4));
        TdpRoot root = vm.Vcpus[0].Root;
        root.Role |= RootRole.Invalid;
        Assert.Equal(0, vm.Recovery.Recover(new Gfn(0)));
        root.Role &= ~RootRole.Invalid;
        Assert.Equal(4, vm.Present(root, GfnRange.Of(0, 512)));
        End(vm);
    }

    /// <summary>Each role has a root of its own, each with a table there.</summary>
    [Fact]
    public void Every_valid_root_loses_its_table_for_one_flush()
    {
        using Vm<Metal> vm = New(settings => settings with { Vcpus = 2 });
        vm.Vcpus[1].SwitchRole(RootRole.SystemManagement);
        vm.Touch(GfnRange.Of(0, 2), vcpu: 0);
        vm.Touch(GfnRange.Of(0, 2), vcpu: 1);
        long flushes = Actor.Current.Counters.RemoteFlushes;
        Assert.Equal(2, vm.Recovery.Recover(new Gfn(0)));
        Assert.Equal(1, Actor.Current.Counters.RemoteFlushes - flushes);
        End(vm);
    }

    /// <summary>The linking entry changed between the look and the CAS: whoever changed it has the table.</summary>
    [Fact]
    public void Who_comes_second_takes_nothing()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 3);
        ulong* link = rig.SptepOf(root, 3, PageLevel.Size2M);
        ulong table = *link;
        rig.Mmu.Rcu.Enter();
        rig.Lock.EnterShared();
        Assert.False(rig.Mmu.ZapTable(root, new Gfn(3), default(SharedHold), new Faster(link)));
        *link = table;
        Assert.True(rig.Mmu.ZapTable(root, new Gfn(3), default(SharedHold), hooks: null));
        rig.Lock.ExitShared();
        rig.Mmu.Rcu.Exit();
        Assert.Equal(0, rig.Present(root, GfnRange.All));
        rig.ZapShared(root, ZapPasses.Root);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    private static Vm<Metal> New(Func<VmSettings, VmSettings>? with = null)
    {
        VmSettings settings = new() { Vcpus = 1, MemoryBytes = 4 << 20 };
        Vm<Metal> vm = StrategyFixture.NewVm("mainline", with?.Invoke(settings) ?? settings);
        vm.Slots.Create(0, GfnRange.Of(0, 1024), MemslotFlags.None);
        return vm;
    }

    private static void End(Vm<Metal> vm)
    {
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    /// <summary>Empties the entry when somebody is about to.</summary>
    private sealed class Faster(ulong* link) : IZapHooks
    {
        public void OnDetach(TdpRoot root) => *link = Spte.NonPresent;

        public void OnSubtreeDone(TdpRoot root) { }
    }
}
