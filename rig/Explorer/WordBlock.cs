using System.Runtime.InteropServices;

namespace Lab.Explorer;

/// <summary>Native memory for the words of one scene, a cache line each.</summary>
internal sealed unsafe class WordBlock : IDisposable
{
    private const int LineBytes = 64;
    private readonly nuint _lines;
    private readonly byte* _base;
    private int _used;

    public WordBlock(int words)
    {
        _lines = (nuint)words;
        // SAFETY: freed in Dispose only; words handed out must not be used after that.
        _base = (byte*)NativeMemory.AlignedAlloc(_lines * LineBytes, LineBytes);
        NativeMemory.Clear(_base, _lines * LineBytes);
    }

    /// <summary>An empty scene whose words live here.</summary>
    public Scene NewScene() => new(NewWord);

    public void Dispose() => NativeMemory.AlignedFree(_base);

    private Word NewWord(string name, ulong initial)
    {
        if ((nuint)_used >= _lines) throw new InvalidOperationException($"A block of {_lines} words has no room for '{name}'.");
        // SAFETY: the line is inside the block, by the comparison above.
        return new Word(name, (nint)(_base + _used++ * LineBytes), initial);
    }
}
