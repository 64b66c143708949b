using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Strategies;

/// <summary>Every catalogued strategy goes through the same life of a VM on one thread.</summary>
public sealed class RootStrategyTests
{
    private const ulong Frames = 2048;

    public static TheoryData<string> Sound => [.. StrategyFixture.Sound];

    /// <summary>Those whose fast zap leaves no root in use.</summary>
    public static TheoryData<string> GiveUpRoots => [.. StrategyFixture.Sound.Where(name => name != "slot-zap")];

    /// <summary>All whose fault takes two at a time; one that zaps nothing is wrong in the quietest life.</summary>
    public static TheoryData<string> All =>
        [.. StrategyFixture.Sound, .. StrategyFixture.Broken.Where(name => name != "early-return")];

    [Theory]
    [MemberData(nameof(All))]
    public void A_quiet_life_of_create_touch_delete_destroy_is_clean(string strategy)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 2 });
        Assert.Equal(MemslotResult.Done, vm.Slots.Create(0, GfnRange.Of(0, Frames), MemslotFlags.None));
        Assert.Equal(MemslotResult.Done, vm.Slots.Create(1, GfnRange.Of(0x40000, 64), MemslotFlags.None));
        Touch(vm, 0, GfnRange.Of(0, Frames));
        Touch(vm, 1, GfnRange.Of(0x40000, 64));
        bool waits = strategy != "no-flush";
        if (waits) Assert.Equal(MemslotResult.Done, vm.Slots.Delete(1));
        Touch(vm, 0, GfnRange.Of(0, Frames));
        Touch(vm, 1, GfnRange.Of(0, Frames));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }

    [Theory]
    [MemberData(nameof(GiveUpRoots))]
    public void After_a_delete_every_page_faults_again_and_the_old_root_is_gone(string strategy)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 1 });
        vm.Slots.Create(0, GfnRange.Of(0, Frames), MemslotFlags.None);
        vm.Slots.Create(1, GfnRange.Of(0x40000, 64), MemslotFlags.None);
        long first = Touch(vm, 0, GfnRange.Of(0, Frames));
        ulong root = vm.Vcpus[0].Root.Id;
        vm.Slots.Delete(1);
        long again = Touch(vm, 0, GfnRange.Of(0, Frames));
        Assert.Equal((long)Frames, first);
        Assert.Equal((long)Frames, again);
        Assert.NotEqual(root, vm.Vcpus[0].Root.Id);
        Assert.Equal(1, vm.Roots.CountRoots());
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Where_roots_are_kept_a_delete_takes_the_slots_pages_and_no_other()
    {
        using Vm<Metal> vm = StrategyFixture.NewVm("slot-zap", new VmSettings { Vcpus = 1 });
        GfnRange small = GfnRange.Of(0x40000, 64);
        vm.Slots.Create(0, GfnRange.Of(0, Frames), MemslotFlags.None);
        vm.Slots.Create(1, small, MemslotFlags.None);
        Assert.Equal((long)(Frames + small.Frames), Touch(vm, 0, GfnRange.Of(0, Frames)) + Touch(vm, 0, small));
        TdpRoot root = vm.Vcpus[0].Root;
        long loads = Actor.Current.Counters.RootLoads;
        vm.Slots.Delete(1);
        vm.Slots.Create(1, small, MemslotFlags.None);
        Assert.Equal(0, Touch(vm, 0, GfnRange.Of(0, Frames)));
        Assert.Equal((long)small.Frames, Touch(vm, 0, small));
        Assert.Equal((root, loads, 1), (vm.Vcpus[0].Root, Actor.Current.Counters.RootLoads, vm.Roots.CountRoots()));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }

    [Theory]
    [InlineData("baseline", 3)]
    [InlineData("defunct-flag", 3)]
    [InlineData("second-list", 3)]
    [InlineData("second-list-shared", 3)]
    [InlineData("workqueue", 3)]
    [InlineData("refcount2", 0)]
    [InlineData("mainline", 0)]
    [InlineData("slot-zap", 0)]
    public void Toggling_the_role_with_one_vcpu_rebuilds_roots_only_where_the_vcpu_is_the_only_owner(
        string strategy, int rebuiltPerThreeToggles)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 1 });
        vm.Slots.Create(0, GfnRange.Of(0, Frames), MemslotFlags.None);
        Vcpu<Metal> vcpu = vm.Vcpus[0];
        vcpu.SwitchRole(RootRole.Normal);
        vcpu.SwitchRole(RootRole.SystemManagement);
        long before = Actor.Current.Counters.RootsCreated;
        vcpu.SwitchRole(RootRole.Normal);
        vcpu.SwitchRole(RootRole.SystemManagement);
        vcpu.SwitchRole(RootRole.Normal);
        Assert.Equal(rebuiltPerThreeToggles, Actor.Current.Counters.RootsCreated - before);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    /// <summary>Runs the guest over every frame of the range in order; returns the faults it took.</summary>
    internal static long Touch(Vm<Metal> vm, int index, GfnRange range)
    {
        Vcpu<Metal> vcpu = vm.Vcpus[index];
        AccessPattern pattern = new(0, range) { Stride = 1, WriteEvery = 2 };
        ActorCounters counters = Actor.Current.Counters;
        long before = counters.FaultsFixed;
        long target = counters.Accesses + (long)range.Frames;
        while (counters.Accesses < target)
        {
            if (vcpu.Run(ref pattern, (int)(target - counters.Accesses)) is { IsDone: false } exit) vcpu.Serve(exit);
        }
        return counters.FaultsFixed - before;
    }
}
