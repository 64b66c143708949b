using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>A zeroed, pre-touched piece of native memory that shares no cache line, and no pair of adjacent lines, with anything
/// else. The collector never moves it, and writing to it never faults a page in.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    /// <summary>Two cache lines: processors prefetch lines in pairs.</summary>
    public const int AlignmentBytes = 128;

    /// <exception cref="OutOfMemoryException">No memory; nothing was allocated.</exception>
    public NativeBlock(nuint byteCount) : base(0, ownsHandle: true)
    {
        ByteCount = (byteCount + AlignmentBytes - 1) & ~(nuint)(AlignmentBytes - 1);

        // SAFETY: AlignedAlloc returns ByteCount writable bytes or throws.
        unsafe
        {
            SetHandle((nint)NativeMemory.AlignedAlloc(ByteCount, AlignmentBytes));
        }

        Clear();
    }

    public nuint ByteCount { get; }

    public override bool IsInvalid => handle == 0;

    public void* Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);

            // SAFETY: the block is allocated until ReleaseHandle; who keeps the address must keep this object alive.
            unsafe { return (void*)handle; }
        }
    }

    /// <summary>Zeroes the block, which also touches each of its pages.</summary>
    public void Clear()
    {
        // SAFETY: Address is the start of ByteCount allocated bytes.
        unsafe
        {
            NativeMemory.Clear(Address, ByteCount);
        }
    }

    protected override bool ReleaseHandle()
    {
        // SAFETY: handle came from AlignedAlloc, and SafeHandle releases it once.
        unsafe
        {
            NativeMemory.AlignedFree((void*)handle);
        }

        return true;
    }
}
