using System.Runtime.InteropServices;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>A root's address space: guest frame g lies 4096·g bytes behind <see cref="Address"/>, a hole until a
/// <see cref="Piece"/> is put there. Serves one root after the other.</summary>
/// <remarks>Changes and the system calls that go with them happen together, under <see cref="PieceTable.Lock"/>. The kernel
/// serialises its side on the process's mmap_lock in any case; page faults of other windows go on beside it.</remarks>
internal sealed unsafe class Window : IRootSpace, IDisposable
{
    private readonly MappedRange _range;
    private readonly WindowHost _host;
    private readonly Userfault? _userfault;
    private long _changes;

    /// <param name="index">Its number at the host.</param>
    /// <param name="bytes">Length; the guest frames of its root all lie within.</param>
    /// <param name="chunkBytes">Largest piece.</param>
    /// <param name="host">Has the memory behind the pieces.</param>
    /// <param name="userfault">Who resolves missing pages; null for the kernel.</param>
    /// <exception cref="InsufficientMemoryException">There is not that much address space.</exception>
    public Window(int index, long bytes, long chunkBytes, WindowHost host, Userfault? userfault)
    {
        Index = index;
        Pieces = new PieceTable(chunkBytes);
        _range = MappedRange.Reserved(bytes);
        _host = host;
        _userfault = userfault;
    }

    public int Index { get; }

    public int Number => Index + 1;

    public long Bytes => _range.Bytes;

    public nint Address => (nint)_range.Address;

    public PieceTable Pieces { get; }

    /// <summary>Changes begun and ended: odd while one is under way. Equal and even at two moments: nothing changed in
    /// between.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public nint AddressOf(Gfn gfn) => Address + (nint)(gfn.Value * SlotMemory.PageBytes);

    /// <summary>Maps the piece's memory; no page of it is present yet. False, and nothing is changed: the kernel has no memory
    /// for one more mapping, or the process has as many as it may. Hold the pieces' lock.</summary>
    /// <exception cref="SystemCallException">The kernel refuses for another reason.</exception>
    public bool TryInstall(in Piece piece)
    {
        nint address = AddressOf(piece.Range.Start);
        Begin();
        // SAFETY: the range lies in the window, which this object owns, and the window maps nothing there.
        nint mapped = Libc.Map(address, (nuint)piece.Bytes, ProtectionOf(piece),
            Libc.MapShared | Libc.MapFixed | Libc.MapNoReserve, _host.Memory.File!.Number, piece.FileOffset);
        int errno = mapped == -1 ? Marshal.GetLastPInvokeError() : 0;
        if (errno == 0)
        {
            // Pages that other vCPUs reach before this are the kernel's to resolve; none was present before, so none is stale.
            _userfault?.Register(address, piece.Bytes);
            Pieces.Set(piece);
        }
        End();
        return errno switch
        {
            0 => true,
            Errnos.Enomem => false,
            _ => throw new SystemCallException($"mmap(window {Index}, {piece.Range}, {piece.Bytes} bytes)", errno),
        };
    }

    /// <summary>Zaps the piece: its PTEs go and the kernel shoots down every TLB that may have them; then the hole is closed, so
    /// that no fault brings a page back. On return no access reaches the piece's memory through this window. Hold the pieces'
    /// lock.</summary>
    /// <exception cref="SystemCallException">The kernel refuses, which it has no reason to.</exception>
    public void Zap(in Piece piece)
    {
        nint address = AddressOf(piece.Range.Start);
        Begin();
        // SAFETY: the piece lies in the window.
        int zapped = Libc.Advise(address, (nuint)piece.Bytes, Libc.MadviseDontNeed);
        if (zapped == 0) Close(address, piece.Bytes);
        Pieces.Remove(piece);
        End();
        Libc.Checked(zapped, $"madvise(window {Index}, {piece.Range}, MADV_DONTNEED)");
    }

    public void WriteProtect(in Piece piece) => SetMayWrite(piece, mayWrite: false);

    public void AllowWrites(in Piece piece) => SetMayWrite(piece, mayWrite: true);

    /// <summary>Sets whether the piece may be written to; taken back, no write goes through any more on return. Hold the pieces'
    /// lock.</summary>
    /// <exception cref="SystemCallException">The kernel refuses.</exception>
    private void SetMayWrite(in Piece piece, bool mayWrite)
    {
        Piece changed = piece with { MayWrite = mayWrite };
        Begin();
        // SAFETY: as above.
        int result = Libc.Protect(AddressOf(piece.Range.Start), (nuint)piece.Bytes, ProtectionOf(changed));
        if (result == 0) Pieces.Set(changed);
        End();
        Libc.Checked(result, $"mprotect(window {Index}, {piece.Range})");
    }

    public void Dispose() => _range.Dispose();

    private static int ProtectionOf(in Piece piece) => Libc.ProtRead | Libc.ProtExec | (piece.MayWrite ? Libc.ProtWrite : 0);

    /// <summary>Nothing behind the addresses, as when the window was reserved: the kernel merges the hole with those beside
    /// it.</summary>
    private void Close(nint address, long bytes)
    {
        const int hole = Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve | Libc.MapFixed;
        if (Libc.Map(address, (nuint)bytes, Libc.ProtNone, hole, -1, 0) == -1)
        {
            throw new SystemCallException($"mmap(window {Index}, {bytes} bytes, PROT_NONE)", Marshal.GetLastPInvokeError());
        }
    }

    private void Begin() => Interlocked.Increment(ref _changes);

    private void End() => Interlocked.Increment(ref _changes);
}
