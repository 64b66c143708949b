using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>A file descriptor, closed once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor(int descriptor) : base(invalidHandleValue: -1, ownsHandle: true) => SetHandle(descriptor);

    public override bool IsInvalid => handle < 0;

    /// <summary>Its number, for a system call; the caller keeps this object alive over the call.</summary>
    public int Number => (int)handle;

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
