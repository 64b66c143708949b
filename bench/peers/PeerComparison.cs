using Lab.Hardware;

namespace Lab.Bench.Peers;

/// <summary>The lab beside the same work in C: <c>lab bench peers</c>.</summary>
internal static class PeerComparison
{
    private const int Fine = 0;
    private const int Usage = 2;
    private const int Wrong = 4;

    /// <summary>Runs the comparisons that the arguments ask for; returns the exit code.</summary>
    public static int RunWith(ReadOnlySpan<string> arguments, string artifacts)
    {
        PeerOptions options;
        try
        {
            options = PeerOptions.Parse(arguments);
        }
        catch (FormatException complaint)
        {
            Console.Error.WriteLine($"{complaint.Message} {PeerOptions.Usage}");
            return Usage;
        }

        try
        {
            return Run(options, artifacts);
        }
        catch (Exception complaint)
            when (complaint is WrongAnswerException or PeerFailedException or SystemCallException or HardwareUnavailableException)
        {
            Console.Error.WriteLine(complaint.Message);
            return Wrong;
        }
    }

    private static int Run(PeerOptions options, string artifacts)
    {
        if (options.Radix)
        {
            if (CProgram.TryBuild("radix_peer", artifacts) is not { } radix) return NoCompiler();
            RadixComparison comparison = new(options);
            comparison.Run(new RadixPeer(radix));
            comparison.Print();
        }
        if (!options.Memslot) return Fine;

        if (MemslotLab.TryOpen("/dev/kvm", out string refusal) is not { } lab)
        {
            Console.Error.WriteLine(refusal);
            // Asked for by name it is missing; beside the other comparison it is left out.
            return options.Radix ? Fine : Usage;
        }
        using (lab)
        {
            if (CProgram.TryBuild("memslot_bench", artifacts) is not { } memslot) return NoCompiler();
            MemslotComparison comparison = new(options);
            comparison.Run(lab, new MemslotPeer(memslot));
            if (options.Radix) Console.WriteLine();
            comparison.Print();
        }
        return Fine;
    }

    private static int NoCompiler()
    {
        Console.Error.WriteLine("The C peers need gcc, and there is none on the PATH; install it or leave out `peers`.");
        return Usage;
    }
}
