using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

public class HostPieceTableTests
{
    private static readonly SlotBacking Backing =
        new(Address: new Hva(0x7000_0000_0000), Bytes: 40 * 4096, FileOffset: 1 << 21, GfnRange.Of(10, 40));

    private readonly PieceTable _table = new(HostRig.ChunkBytes);

    [Theory]
    [InlineData(10, 10, 16)]
    [InlineData(20, 16, 32)]
    [InlineData(49, 48, 50)]
    public void A_piece_is_the_slots_part_of_one_chunk(ulong gfn, ulong start, ulong end)
    {
        Piece piece = _table.PieceAround(new Gfn(gfn), Backing, slot: 2);
        Assert.Equal(new GfnRange(new Gfn(start), new Gfn(end)), piece.Range);
        Assert.Equal(Backing.Address + (start - 10) * 4096, piece.Address);
        Assert.Equal(Backing.FileOffset + (long)(start - 10) * 4096, piece.FileOffset);
        Assert.Equal((long)(end - start) * 4096, piece.Bytes);
    }

    [Fact]
    public void Pieces_are_found_by_any_frame_and_walked_in_order()
    {
        lock (_table.Lock)
        {
            foreach (ulong gfn in new ulong[] { 49, 10, 20 }) _table.Set(_table.PieceAround(new Gfn(gfn), Backing, slot: 0));
            Assert.True(_table.TryFind(new Gfn(31), out Piece middle));
            Assert.Equal(16UL, middle.Range.Start.Value);
            Assert.False(_table.TryFind(new Gfn(9), out _));
            Assert.False(_table.TryFind(new Gfn(32), out _));
            Assert.True(_table.TryNext(new Gfn(32), GfnRange.All.End, out Piece next));
            Assert.Equal(48UL, next.Range.Start.Value);
            Assert.False(_table.TryNext(new Gfn(32), new Gfn(48), out _));
            Assert.False(_table.TryNext(new Gfn(50), GfnRange.All.End, out _));
        }
        Assert.Equal((3, 6 + 16 + 2), _table.CountIn(GfnRange.All));
        Assert.Equal((2, 2 + 1), _table.CountIn(GfnRange.Of(30, 19)));
        lock (_table.Lock) _table.Remove(_table.PieceAround(new Gfn(20), Backing, slot: 0));
        Assert.Equal(2, _table.Count);
    }
}
