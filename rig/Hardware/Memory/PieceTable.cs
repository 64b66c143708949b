using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>One stretch of guest frames that a root maps as a whole.</summary>
/// <param name="Range">Frames: a slot's part of one chunk.</param>
/// <param name="Address">Of the memory behind its first frame, in this process.</param>
/// <param name="FileOffset">Of the same memory in its file.</param>
/// <param name="Slot">Number that the implementation gave it.</param>
internal readonly record struct Piece(GfnRange Range, Hva Address, long FileOffset, int Slot)
{
    public long Bytes => (long)Range.Frames * SlotMemory.PageBytes;

    public bool MayWrite { get; init; }

    public bool LogsDirty { get; init; }
}

/// <summary>What one root maps at present: pieces by their first frame. Changing it and telling the kernel are one step under the
/// table's lock; the kernel serialises its own side per address space anyway.</summary>
internal sealed class PieceTable(long chunkBytes)
{
    private readonly SortedList<ulong, Piece> _pieces = [];

    /// <summary>Hold it over a change here and the system call that goes with it.</summary>
    public Lock Lock { get; } = new();

    public int Count
    {
        get { lock (Lock) return _pieces.Count; }
    }

    /// <summary>The piece that holds the frame. Hold <see cref="Lock"/>.</summary>
    public bool TryFind(Gfn gfn, out Piece piece)
    {
        int index = IndexFrom(gfn.Value + 1) - 1;
        piece = index < 0 ? default : _pieces.Values[index];
        return index >= 0 && piece.Range.Contains(gfn);
    }

    /// <summary>The first piece that ends behind <paramref name="from"/> and begins before <paramref name="end"/>. Hold
    /// <see cref="Lock"/>.</summary>
    public bool TryNext(Gfn from, Gfn end, out Piece piece)
    {
        int index = IndexFrom(from.Value + 1) - 1;
        if (index < 0 || !(from.Value < _pieces.Values[index].Range.End.Value)) index++;
        piece = index < _pieces.Count ? _pieces.Values[index] : default;
        return index < _pieces.Count && piece.Range.Start.Value < end.Value;
    }

    /// <summary>Adds or replaces the piece at its first frame. Hold <see cref="Lock"/>.</summary>
    public void Set(in Piece piece) => _pieces[piece.Range.Start.Value] = piece;

    /// <summary>Hold <see cref="Lock"/>.</summary>
    public void Remove(in Piece piece) => _pieces.Remove(piece.Range.Start.Value);

    /// <summary>The part of the slot's memory that one chunk covers around the frame.</summary>
    public Piece PieceAround(Gfn gfn, SlotBacking backing, int slot)
    {
        ulong frames = (ulong)chunkBytes / SlotMemory.PageBytes;
        ulong start = Math.Max(gfn.Value / frames * frames, backing.Range.Start.Value);
        ulong end = Math.Min((gfn.Value / frames + 1) * frames, backing.Range.End.Value);
        long offset = (long)(start - backing.Range.Start.Value) * SlotMemory.PageBytes;
        return new Piece(new GfnRange(new Gfn(start), new Gfn(end)), backing.Address + (ulong)offset,
            backing.FileOffset + offset, slot);
    }

    /// <summary>Frames of the range that are mapped, or pieces that touch it.</summary>
    public (long Pieces, long Frames) CountIn(GfnRange range)
    {
        long pieces = 0, frames = 0;
        lock (Lock)
        {
            for (Gfn from = range.Start; TryNext(from, range.End, out Piece piece); from = piece.Range.End)
            {
                pieces++;
                frames += (long)(Math.Min(piece.Range.End.Value, range.End.Value)
                    - Math.Max(piece.Range.Start.Value, range.Start.Value));
            }
        }
        return (pieces, frames);
    }

    /// <summary>Index of the first piece whose first frame is not below the given one.</summary>
    private int IndexFrom(ulong frame)
    {
        int low = 0, high = _pieces.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_pieces.Keys[middle] < frame) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
