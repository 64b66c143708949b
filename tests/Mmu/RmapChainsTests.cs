using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Ageing;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Chains of SPTEs against a set, and what mmu_lock and a zap have to do with them.</summary>
public sealed unsafe class RmapChainsTests : IDisposable
{
    // SAFETY: the entries are words of a block that lives as long as the test.
    private const int Entries = 60;
    private readonly NativeBlock _block = new(4096);
    private readonly Vm<Metal> _vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, MemoryBytes = 2 << 20 });
    private readonly RmapChains<Metal> _chains;

    public RmapChainsTests() => _chains = new RmapChains<Metal>(_vm);

    public void Dispose()
    {
        _chains.Dispose();
        _vm.Dispose();
        _block.Dispose();
    }

    [Fact]
    public void A_chain_holds_what_was_added_and_not_removed_whatever_the_order()
    {
        Random random = new(5);
        HashSet<nint> expected = [];
        ulong head = 0;
        for (int step = 0; step < 5000; step++)
        {
            int entry = random.Next(Entries);
            ref ulong sptep = ref Entry(entry);
            if (expected.Add(AddressOf(ref sptep))) head = _chains.Add(head, ref sptep);
            else if (random.Next(3) != 0)
            {
                expected.Remove(AddressOf(ref sptep));
                Assert.True(_chains.TryRemove(ref head, ref sptep, default));
            }
            Assert.Equal(expected.Order(), In(head).Order());
            Assert.Equal(0ul, head & RmapChains<Metal>.Locked);
            if (expected.Count == 0) Assert.Equal((0ul, 0), (head, _chains.DescriptorsInUse));
        }
        Assert.Empty(_vm.Oracle.Violations);
    }

    [Fact]
    public void The_first_needs_no_descriptor_and_the_fifteenth_of_a_chain_a_second()
    {
        ulong head = 0;
        int[] descriptors = [.. Enumerable.Range(0, 2 * RmapChains<Metal>.SptesMax + 1).Select(entry =>
        {
            head = _chains.Add(head, ref Entry(entry));
            return (int)_chains.DescriptorsInUse;
        })];
        Assert.Equal([0, .. Enumerable.Repeat(1, 13), .. Enumerable.Repeat(2, 14), 3], descriptors);
    }

    [Fact]
    public void An_entry_that_is_not_there_is_reported()
    {
        ulong head = _chains.Add(_chains.Add(0, ref Entry(0)), ref Entry(1));
        Assert.False(_chains.TryRemove(ref head, ref Entry(2), new Gfn(7)));
        Assert.Equal("I29", Assert.Single(_vm.Oracle.Violations).Invariant);
    }

    [Fact]
    public void A_walk_that_comes_too_late_reports_the_freed_descriptor()
    {
        ulong head = _chains.Add(_chains.Add(0, ref Entry(0)), ref Entry(1));
        ulong late = head;
        Assert.True(_chains.TryRemove(ref head, ref Entry(0), default) && _chains.TryRemove(ref head, ref Entry(1), default));
        Assert.Empty(In(late));
        Assert.Equal("I30", Assert.Single(_vm.Oracle.Violations).Invariant);
    }

    [Theory]
    [InlineData("mainline")]
    [InlineData("baseline")]
    [InlineData("workqueue")]
    [InlineData("slot-zap")]
    public void Every_leaf_is_on_the_chain_of_its_frame_until_it_is_zapped(string strategy)
    {
        using Vm<Metal> vm = New(strategy, PageLevel.Size4K);
        RmapChains<Metal> chains = vm.Ageing.Chains!;
        Assert.Empty(Mapped(chains));
        vm.Touch(GfnRange.Of(0, 20));
        Assert.Equal(Enumerable.Range(0, 20), Mapped(chains));
        vm.Vcpus[1].SwitchRole(RootRole.SystemManagement);
        vm.Touch(GfnRange.Of(5, 3), vcpu: 1);
        Assert.Equal(3, chains.DescriptorsInUse);
        vm.TakeAway(GfnRange.Of(6, 4));
        Assert.Equal([.. Enumerable.Range(0, 6), .. Enumerable.Range(10, 10)], Mapped(chains));
        Assert.Equal(1, chains.DescriptorsInUse);
        vm.Slots.Delete(1);
        if (strategy != "slot-zap") Assert.Empty(Mapped(chains));
        vm.Destroy();
        Assert.Empty(Mapped(chains));
        Assert.Equal(0, chains.DescriptorsInUse);
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void A_large_leaf_is_on_the_chain_of_its_first_frame()
    {
        using Vm<Metal> vm = New("mainline", PageLevel.Size2M);
        vm.Touch(GfnRange.Of(77, 1));
        Assert.Equal([0], Mapped(vm.Ageing.Chains!));
        Assert.True(vm.Ageing.ClearYoung(GfnRange.Of(300, 1)));
        Assert.False(vm.Ageing.ClearYoung(ScriptedVm.Main));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    private static Vm<Metal> New(string strategy, PageLevel leafs)
    {
        VmSettings settings = new() { Vcpus = 2, MemoryBytes = 2 << 20, LeafLevel = leafs };
        Vm<Metal> vm = new(default, settings, Catalogue.Named(strategy).Design<Metal>() with
            { Ageing = one => new RmapLock<Metal>(one) });
        vm.Slots.Create(0, ScriptedVm.Main, MemslotFlags.None);
        vm.Slots.Create(1, ScriptedVm.Small, MemslotFlags.None);
        return vm;
    }

    private static List<int> Mapped(RmapChains<Metal> chains)
    {
        Assert.True(chains.TryHeads(default, out _, out Span<ulong> heads));
        List<int> mapped = [];
        for (int gfn = 0; gfn < heads.Length; gfn++) if (heads[gfn] != 0) mapped.Add(gfn);
        return mapped;
    }

    private List<nint> In(ulong head)
    {
        List<nint> found = [];
        RmapChains<Metal>.Walk walk = _chains.In(head);
        while (walk.MoveNext()) found.Add(AddressOf(ref walk.Current));
        return found;
    }

    private ref ulong Entry(int number) => ref ((ulong*)_block.Address)[number];

    private static nint AddressOf(ref ulong word) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref word);
}
