using System.Runtime.InteropServices;

namespace Lab.Mmu;

/// <summary>A block of zeroed native memory from mmap, owned by this handle. Pages become resident when they are touched, so a
/// large reservation costs address space only.</summary>
internal sealed unsafe partial class NativeBlock : SafeHandle
{
    private const int ProtReadWrite = 1 | 2;
    private const int MapPrivateAnonymousNoReserve = 0x02 | 0x20 | 0x4000;
    private const int MapFixedNoReplace = 0x100000;

    /// <summary>Where blocks made by this thread come from instead of the system; null for the system.</summary>
    [ThreadStatic]
    private static NativeBlockPool? Pool;

    private readonly nuint _bytes;
    private readonly bool _isPooled;

    /// <exception cref="InsufficientMemoryException">The system refused the mapping.</exception>
    /// <param name="bytes">How large.</param>
    /// <param name="at">Its address, where nothing may be yet; 0 for one that the system chooses.</param>
    internal NativeBlock(long bytes, nint at = 0) : base(invalidHandleValue: -1, ownsHandle: true)
    {
        _bytes = (nuint)bytes;
        if (Pool is { } pool)
        {
            _isPooled = true;
            SetHandle(pool.Take(bytes));
            return;
        }
        nint address = Map(at, _bytes, ProtReadWrite, MapPrivateAnonymousNoReserve | (at == 0 ? 0 : MapFixedNoReplace), -1, 0);
        if (address != -1 && at != 0 && address != at)
        {
            // A kernel before 4.17 takes the address for a wish.
            Unmap(address, _bytes);
            throw new InsufficientMemoryException($"There is something at {at:x} already.");
        }
        if (address == -1) throw new InsufficientMemoryException(
            $"mmap of {bytes:N0} bytes failed with errno {Marshal.GetLastPInvokeError()}; ask for less memory or raise the limit "
                + "on address space.");
        SetHandle(address);
    }

    public override bool IsInvalid => handle is -1 or 0;

    internal byte* Address => (byte*)handle;

    internal long Bytes => (long)_bytes;

    // SAFETY: the range is exactly the one mapped above, and the handle releases it once.
    protected override bool ReleaseHandle() => _isPooled || Unmap(handle, _bytes) == 0;

    /// <summary>Makes the calling thread's blocks come from the pool, or from the system again if null.</summary>
    internal static void ComeFrom(NativeBlockPool? pool) => Pool = pool;

    /// <summary>One from the system, wherever the calling thread's come from: for what may be used when a pool is gone.</summary>
    internal static NativeBlock OfSystem(long bytes)
    {
        NativeBlockPool? pool = Pool;
        Pool = null;
        try
        {
            return new NativeBlock(bytes);
        }
        finally
        {
            Pool = pool;
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
