using Lab.Mmu;
using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>A stretch of address space from mmap, unmapped once.</summary>
internal sealed unsafe class MappedRange : SafeHandle
{
    private readonly nuint _bytes;

    private MappedRange(nint address, nuint bytes) : base(invalidHandleValue: -1, ownsHandle: true)
    {
        _bytes = bytes;
        SetHandle(address);
    }

    public override bool IsInvalid => handle is -1 or 0;

    public byte* Address => (byte*)handle;

    public Hva Hva => new((ulong)Address);

    public long Bytes => (long)_bytes;

    /// <summary>Zeroed private memory that becomes resident as it is touched, aligned to 2 MiB.</summary>
    /// <exception cref="InsufficientMemoryException">The system refused.</exception>
    public static MappedRange Anonymous(long bytes) =>
        Of(bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);

    /// <summary>Address space with nothing in it: every access is a fault that nobody resolves.</summary>
    /// <exception cref="InsufficientMemoryException">The system refused.</exception>
    public static MappedRange Reserved(long bytes) =>
        Of(bytes, Libc.ProtNone, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);

    /// <summary>A piece of a file, shared with everybody who maps it.</summary>
    /// <exception cref="InsufficientMemoryException">The system refused.</exception>
    public static MappedRange Shared(Descriptor file, long offset, long bytes) =>
        Of(bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared | Libc.MapNoReserve, file.Number, offset);

    // SAFETY: the range is exactly the one mapped below, and the handle releases it once.
    protected override bool ReleaseHandle() => Libc.Unmap(handle, _bytes) == 0;

    private static MappedRange Of(long bytes, int protection, int flags, int descriptor, long offset)
    {
        const long huge = 2 << 20;
        // Reserve more than is needed, put the mapping on a 2 MiB boundary inside, and give the rest back.
        nint wide =
            Libc.Map(0, (nuint)(bytes + huge), Libc.ProtNone, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
        if (wide == -1) throw Refused(bytes);
        nint address = (nint)((wide + huge - 1) & ~(huge - 1));
        // SAFETY: the fixed mapping lies wholly inside the reservation above, which nobody else knows of.
        if (Libc.Map(address, (nuint)bytes, protection, flags | Libc.MapFixed, descriptor, offset) == -1)
        {
            InsufficientMemoryException refused = Refused(bytes);
            _ = Libc.Unmap(wide, (nuint)(bytes + huge));
            throw refused;
        }
        nint page = 4096, end = (address + (nint)bytes + page - 1) & ~(page - 1), wideEnd = wide + (nint)(bytes + huge);
        if (address > wide) _ = Libc.Unmap(wide, (nuint)(address - wide));
        if (wideEnd > end) _ = Libc.Unmap(end, (nuint)(wideEnd - end));
        return new MappedRange(address, (nuint)(end - address));
    }

    private static InsufficientMemoryException Refused(long bytes) => new(
        $"mmap of {bytes:N0} bytes failed with errno {Marshal.GetLastPInvokeError()}; ask for less memory or raise the limit on "
            + "address space.");
}
