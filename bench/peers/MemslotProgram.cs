using Iced.Intel;
using Lab.Hardware;
using static Iced.Intel.AssemblerRegisters;

namespace Lab.Bench.Peers;

/// <summary>The guest's loops of <c>memslot_bench.c</c>, byte for byte and at the same addresses.</summary>
/// <remarks>Registers on entry: r8 first page, r9 number of stores, r10 bytes between them, r13 log of durations. Nothing else is
/// read. A test holds the bytes against the ones that the peer's compiler makes.</remarks>
internal static class MemslotProgram
{
    /// <summary>Where the program lies in the guest.</summary>
    public const ulong At = 0x1000;

    /// <summary>Where <see cref="StoreTimed"/> begins: the peer has two more loops in between.</summary>
    public const ulong TimedAt = At + 0x53;

    /// <summary>The peer's <c>g_once</c>: store to all pages, leave by <c>out</c>, and again. The first page gets the count, the
    /// last a one.</summary>
    public static byte[] StoreAll()
    {
        Assembler a = new(64);
        Label pass = a.CreateLabel(), store = a.CreateLabel(), leave = a.CreateLabel();
        a.Label(ref pass);
        a.mov(rsi, r8);
        a.mov(rcx, r9);
        a.test(rcx, rcx);
        a.jz(leave);
        a.Label(ref store);
        a.mov(__[rsi], rcx);
        a.add(rsi, r10);
        a.dec(rcx);
        a.jnz(store);
        a.Label(ref leave);
        a.@out(GuestProgram.Port, al);
        a.jmp(pass);
        return MachineCode.Assemble(a, At);
    }

    /// <summary>The peer's <c>g_tsc</c>: the same with each store timed.</summary>
    public static byte[] StoreTimed()
    {
        Assembler a = new(64);
        Label pass = a.CreateLabel(), store = a.CreateLabel();
        a.Label(ref pass);
        a.mov(rsi, r8);
        a.mov(rcx, r9);
        a.mov(rdi, r13);
        a.Label(ref store);
        a.lfence();
        a.rdtsc();
        a.shl(rdx, 32);
        a.lea(rbx, __[rax + rdx]);
        a.lfence();
        a.mov(__[rsi], rcx);
        a.lfence();
        a.rdtsc();
        a.shl(rdx, 32);
        a.or(rax, rdx);
        a.sub(rax, rbx);
        a.mov(__[rdi], rax);
        a.add(rdi, 8);
        a.add(rsi, r10);
        a.dec(rcx);
        a.jnz(store);
        a.@out(GuestProgram.Port, al);
        a.jmp(pass);
        return MachineCode.Assemble(a, TimedAt);
    }
}
