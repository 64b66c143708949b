using Iced.Intel;

namespace Lab.Hardware;

/// <summary>Machine code that Iced assembled, in memory that may be executed and no longer written.</summary>
internal sealed unsafe class MachineCode : IDisposable
{
    private const int BytesMax = 4096;
    private readonly MappedRange _memory;

    /// <summary>Assembles <paramref name="program"/> for where it will lie.</summary>
    public MachineCode(Assembler program)
    {
        _memory = MappedRange.Anonymous(BytesMax);
        byte[] code = Assemble(program, (ulong)_memory.Address);
        // SAFETY: the mapping is this long, and Assemble refuses more.
        code.CopyTo(new Span<byte>(_memory.Address, BytesMax));
        Libc.Checked(Libc.Protect((nint)_memory.Address, BytesMax, Libc.ProtRead | Libc.ProtExec), "mprotect(machine code)");
    }

    public nint Address => (nint)_memory.Address;

    /// <summary>The bytes of a program that will lie at the address.</summary>
    public static byte[] Assemble(Assembler program, ulong address)
    {
        using MemoryStream stream = new();
        program.Assemble(new StreamCodeWriter(stream), address);
        return stream.Length <= BytesMax ? stream.ToArray()
            : throw new InvalidOperationException($"{stream.Length} bytes of machine code are more than a page.");
    }

    public void Dispose() => _memory.Dispose();
}
