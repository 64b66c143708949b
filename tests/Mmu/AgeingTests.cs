using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Accessed bits on radix: who sets them, what a pass does to them, and what it leaves alone.</summary>
public sealed class AgeingTests
{
    private static readonly GfnRange All = ScriptedVm.Main;

    [Fact]
    public void A_page_is_young_from_its_fault_to_the_pass_and_again_from_the_walk_that_uses_it()
    {
        using Vm<Metal> vm = New();
        Assert.False(vm.Ageing.TestYoung(All));
        vm.Touch(GfnRange.Of(7, 1));
        Assert.True(vm.Ageing.TestYoung(All));
        Assert.False(vm.Ageing.TestYoung(GfnRange.Of(0, 7)));
        Assert.True(vm.Ageing.ClearYoung(GfnRange.Of(7, 1)));
        Assert.False(vm.Ageing.ClearYoung(All));

        // The TLB still holds the translation, and a use through it is not seen: nobody was told to flush.
        vm.Touch(GfnRange.Of(7, 1));
        Assert.False(vm.Ageing.TestYoung(All));
        vm.Mmu.FlushRemoteTlbs();
        Assert.Equal(0, vm.Touch(GfnRange.Of(7, 1)));
        Assert.True(vm.Ageing.TestYoung(All));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void A_pass_changes_nothing_but_the_bit()
    {
        using Vm<Metal> vm = New();
        vm.Touch(GfnRange.Of(0, 4));
        ulong before = Leaf(vm, 3);
        Assert.True(vm.Ageing.ClearYoung(GfnRange.Of(3, 1)));
        Assert.Equal(before & ~Spte.Accessed, Leaf(vm, 3));
        Assert.NotEqual(0ul, Leaf(vm, 2) & Spte.Accessed);
        Assert.Equal(4, vm.Present(vm.Vcpus[0].Root, All));
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Roots_that_are_being_zapped_are_not_asked()
    {
        using Vm<Metal> vm = New();
        vm.Touch(GfnRange.Of(0, 2));
        TdpRoot root = vm.Vcpus[0].Root;
        root.Role |= RootRole.Invalid;
        Assert.False(vm.Ageing.TestYoung(All));
        Assert.False(vm.Ageing.ClearYoung(All));
        root.Role &= ~RootRole.Invalid;
        Assert.True(vm.Ageing.ClearYoung(All));
    }

    [Fact]
    public void By_default_nobody_asks_and_no_bit_changes()
    {
        using Vm<Metal> vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, MemoryBytes = 2 << 20 });
        vm.Slots.Create(0, All, MemslotFlags.None);
        vm.Touch(GfnRange.Of(0, 1));
        ulong before = Leaf(vm, 0);
        Assert.False(vm.Ageing.Ages);
        Assert.False(vm.Ageing.ClearYoung(All));
        Assert.Equal(before, Leaf(vm, 0));
    }

    private static Vm<Metal> New()
    {
        VmDesign<Metal> design =
            Lab.Strategies.Catalogue.Named("mainline").Design<Metal>() with { Ageing = vm => new Unlocked(vm) };
        Vm<Metal> vm = new(default, new VmSettings { Vcpus = 1, MemoryBytes = 2 << 20 }, design);
        vm.Slots.Create(0, All, MemslotFlags.None);
        return vm;
    }

    /// <summary>The entry without the walk that would set its bit.</summary>
    private static unsafe ulong Leaf(Vm<Metal> vm, ulong gfn)
    {
        ulong* table = vm.Vcpus[0].Root.Table;
        for (int level = (int)RootRole.Normal.Level; level > 1; level--)
        {
            table = (ulong*)Spte.Address(table[(gfn >> (9 * (level - 1))) & 511]);
        }
        return table[gfn & 511];
    }

    /// <summary>The steps alone, beside anything.</summary>
    private sealed class Unlocked(Vm<Metal> vm) : Ageing<Metal>(vm)
    {
        public override bool ClearYoung(GfnRange range) => ClearAccessed(range);

        public override bool TestYoung(GfnRange range) => TestAccessed(range);
    }
}
