using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class SpteTests
{
    private const ulong Frame = 0x7123_4567_8000;

    [Theory]
    [InlineData(PageLevel.Size4K, false, false, Frame | 0x21)]
    [InlineData(PageLevel.Size4K, true, false, Frame | 0x23 | 1UL << 58)]
    [InlineData(PageLevel.Size4K, true, true, Frame | 0x63 | 1UL << 58)]
    [InlineData(PageLevel.Size2M, true, true, Frame | 0xe3 | 1UL << 58)]
    [InlineData(PageLevel.Size1G, false, false, Frame | 0xa1)]
    public void A_leaf_has_the_bits_of_the_hardware_format(PageLevel level, bool mayWrite, bool write, ulong expected) =>
        Assert.Equal(expected, Spte.MakeLeaf(new Hva(Frame), level, mayWrite, write));

    [Fact]
    public void A_link_to_a_table_is_present_and_no_leaf_above_level_one()
    {
        ulong spte = Spte.MakeNonLeaf(Frame);
        Assert.Equal(Frame | 0x23, spte);
        Assert.True(Spte.IsPresent(spte));
        Assert.False(Spte.IsLeaf(spte, PageLevel.Size2M));
        Assert.Equal(Frame, Spte.Address(spte));
    }

    [Fact]
    public void Flags_never_leak_into_the_address_and_address_bits_never_into_the_flags()
    {
        ulong spte = Spte.MakeLeaf(new Hva(ulong.MaxValue), PageLevel.Size2M, mayWrite: true, write: true);
        Assert.Equal(Spte.AddressMask, Spte.Address(spte));
        Assert.Equal(Spte.Present | Spte.Writable | Spte.Accessed | Spte.Dirty | Spte.PageSize | Spte.MmuWritable,
            spte & ~Spte.AddressMask);
    }

    [Fact]
    public void Frozen_and_poison_are_not_present_and_not_each_other()
    {
        Assert.Equal(0x5a0UL, Spte.Frozen);
        Assert.False(Spte.IsPresent(Spte.Frozen));
        Assert.False(Spte.IsPresent(Spte.Poison));
        Assert.True(Spte.IsFrozen(Spte.Frozen));
        Assert.False(Spte.IsFrozen(Spte.Poison));
        Assert.False(Spte.IsFrozen(Spte.NonPresent));
        Assert.False(Spte.HasVolatileBits(Spte.Frozen));
        Assert.False(Spte.HasVolatileBits(Spte.Poison));
    }

    [Theory]
    [InlineData(Spte.NonPresent, false)]
    // Everything is set that could be set: nothing is left for the processor to do.
    [InlineData(Spte.Present | Spte.Accessed | Spte.Dirty | Spte.Writable | Spte.MmuWritable, false)]
    // A clean writable page may become dirty at any time.
    [InlineData(Spte.Present | Spte.Accessed | Spte.Writable | Spte.MmuWritable, true)]
    // Aged: the processor sets accessed again.
    [InlineData(Spte.Present | Spte.Dirty | Spte.Writable | Spte.MmuWritable, true)]
    // Write-protected for dirty logging: the fast page fault may make it writable without the lock.
    [InlineData(Spte.Present | Spte.Accessed | Spte.Dirty | Spte.MmuWritable, true)]
    // Read-only for good.
    [InlineData(Spte.Present | Spte.Accessed, false)]
    public void Volatile_bits_are_those_that_change_without_the_lock(ulong spte, bool expected) =>
        Assert.Equal(expected, Spte.HasVolatileBits(spte));

    [Fact]
    public void The_role_words_are_those_of_the_kernels_traces()
    {
        Assert.Equal(0x3784UL, RootRole.Normal.Word);
        Assert.Equal(0x3f84UL, RootRole.Normal.Word | RootRole.Invalid);
        Assert.Equal(PageLevel.Size512G, RootRole.Normal.Level);
        Assert.Equal(3, new[] { RootRole.Normal, RootRole.SystemManagement, RootRole.WriteProtectOff }.Distinct().Count());
        Assert.All([RootRole.Normal, RootRole.SystemManagement, RootRole.WriteProtectOff],
            role => Assert.Equal(0UL, role.Word & RootRole.Invalid));
    }

    [Fact]
    public void Ranges_are_half_open()
    {
        GfnRange range = GfnRange.Of(10, 5);
        Assert.False(range.Contains(new Gfn(9)));
        Assert.True(range.Contains(new Gfn(10)));
        Assert.True(range.Contains(new Gfn(14)));
        Assert.False(range.Contains(new Gfn(15)));
        Assert.False(range.Overlaps(GfnRange.Of(15, 5)));
        Assert.False(range.Overlaps(GfnRange.Of(5, 5)));
        Assert.True(range.Overlaps(GfnRange.Of(14, 1)));
        Assert.True(GfnRange.Of(3, 0).IsEmpty);
    }
}
