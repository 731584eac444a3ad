/// What TorchScript's code may call.
enum TorchScriptNames {
    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Judges a callee by its parts.
    static func judge(_ parts: [String], isMethod: Bool) -> ScanVerdict {
        guard let last = parts.last, let first = parts.first else { return .notProven }
        if hostile.contains(last) { return .unsafe }
        if isMethod { return last.hasPrefix("__") && !ownMethods.contains(last) ? .notProven : .proven }
        if parts.count == 1 {
            if hostileBuiltins.contains(first) { return .unsafe }
            return builtins.contains(first) ? .proven : .notProven
        }
        switch first {
        case "torch": return parts.count == 2 && operators.contains(last) ? .proven : .notProven
        case "ops":
            guard parts.count >= 3 else { return .notProven }
            switch parts[1] {
            case "aten": return operators.contains(parts[2]) ? .proven : .notProven
            case "prim": return primitives.contains(parts[2]) ? .proven : .notProven
            case "quantized", "quantized_decomposed": return parts.count == 3 ? .proven : .notProven
            case "torchvision": return visionOperators.contains(parts[2]) ? .proven : .notProven
            default: return .notProven
            }
        // The model's own classes and methods, whose code is in the archive.
        case "__torch__": return parts.contains("classes") && !isKnownClass(parts) ? .notProven : .proven
        case "self": return .proven
        case "os", "sys", "subprocess", "builtins", "importlib", "shutil", "socket", "ctypes", "pickle", "marshal",
            "posix":
            return .unsafe
        default:
            // A method of a value: `_0.forward(x)`.
            return first.hasPrefix("_") || first.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
                ? method(last) : .notProven
        }
    }

    private static func method(_ name: String) -> ScanVerdict {
        name.hasPrefix("__") && !ownMethods.contains(name) ? .notProven : .proven
    }

    /// Classes of libraries that hold packed weights and nothing else.
    static func isKnownClass(_ parts: [String]) -> Bool {
        parts.count == 5 && parts[3] == "quantized" && parts[4].hasSuffix("PackedParamsBase")
    }

    /// Names that read or write files, load code or call by name, whatever stands before them.
    static let hostile = words(
        "save load from_file load_library load_state_dict_from_url hub import_module system popen exec_module __import__ run_command"
    )
    private static let hostileBuiltins = words(
        "eval exec open compile __import__ input globals locals vars breakpoint execfile setattr delattr"
    )
    private static let ownMethods = words(
        "__getitem__ __len__ __contains__ __init__ __setstate__ __getstate__ __eq__ __ne__ __lt__ __add__ __str__"
    )

    /// Words after which a bracket is no call.
    static let keywords = words(
        "if elif else while for in return and or not is assert print raise None True False pass break continue"
    )
    /// Words of Python that TorchScript's serialised code does not have.
    static let foreign = words("import from lambda global nonlocal yield async await with try except finally del exec")

    private static let builtins = words(
        """
        annotate unchecked_cast uninitialized int float bool str len range getattr isinstance enumerate zip min max abs sorted ord chr \
        list dict tuple complex round sum any all divmod hash hex oct bin bytes unchecked_unwrap_optional NamedTuple Module Optional List \
        Dict Tuple Tensor Interface Enum super reversed Device
        """
    )

    private static let primitives = words(
        """
        NumToTensor unchecked_unwrap_optional data device dtype layout min max abs TupleIndex TupleUnpack RaiseException is_cuda is_sparse \
        is_quantized is_nested is_mkldnn requires_grad ndim shape grad itemsize type isinstance StringIndex unchecked_cast name \
        ImplicitTensorToNum ListConstruct AutogradZero rangelist is_meta is_xpu is_mps H mT T
        """
    )

    private static let visionOperators = words("nms roi_align roi_pool ps_roi_align ps_roi_pool deform_conv2d")

    /// aten's operators that compute.
    private static let operators = words(
        """
        abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d \
        adaptive_max_pool1d adaptive_max_pool2d affine_grid_generator all allclose alpha_dropout amax amin aminmax angle any append arange arange_out \
        argmax argmin argsort as_strided as_tensor asin asinh atan atan2 atanh atleast_1d atleast_2d avg_pool1d avg_pool2d avg_pool3d baddbmm \
        batch_norm bernoulli bilinear binary_cross_entropy binary_cross_entropy_with_logits bincount bitwise_and bitwise_not bitwise_or \
        bitwise_xor block_diag bmm broadcast_tensors broadcast_to bucketize capitalize cartesian_prod cat cdist ceil celu chain_matmul channel_shuffle chunk clamp clamp_ \
        clamp_max clamp_min clear clip clone combinations complex concat conj constant_pad_nd contiguous conv1d conv2d conv3d conv_transpose1d conv_transpose2d \
        conv_transpose3d convolution copy copy_ cos cosh cosine_similarity count count_nonzero cpu cross cross_entropy_loss ctc_loss cuda cummax cummin cumprod \
        cumsum deg2rad degrees dense_dim dequantize det detach detach_ device diag diag_embed diagonal dict diff digamma dim dist div div_ dot dropout dropout_ \
        einsum elu elu_ embedding embedding_bag empty empty_like empty_strided endswith eq equal erf erfc erfinv exp exp2 expand expand_as expm1 extend eye \
        fake_quantize_per_channel_affine fake_quantize_per_tensor_affine feature_dropout fft_fft fft_fft2 fft_fftn fft_ifft fft_ifft2 fft_ifftn fft_irfft fft_irfft2 \
        fft_irfftn fft_rfft fft_rfft2 fft_rfftn fft_fftshift fft_ifftshift fill fill_ find fix flatten flip fliplr flipud float floor floor_divide floordiv fmod format frac \
        frobenius_norm full full_like gather gcd ge gelu ger get glu grid_sampler grid_sampler_2d grid_sampler_3d group_norm gru gru_cell gt hardshrink hardsigmoid hardsigmoid_ \
        hardswish hardswish_ hardtanh hardtanh_ hash heaviside hinge_embedding_loss histc hstack huber_loss hypot i0 im2col col2im imag index index_add index_copy index_fill \
        index_put index_put_ index_select index_add_ index_copy_ index_fill_ inner insert instance_norm int inverse is_autocast_enabled is_complex is_contiguous is_floating_point \
        is_grad_enabled is_nonzero is_pinned is_signed isalnum isalpha isclose isdecimal isdigit isfinite isinf islower isnan isspace istft isupper item items join keys kl_div \
        kron kthvalue l1_loss layer_norm le leaky_relu leaky_relu_ len lerp less less_equal lgamma linalg_cross linalg_det linalg_eigh linalg_inv linalg_matrix_norm linalg_norm \
        linalg_qr linalg_solve linalg_svd linalg_vector_norm linalg_cholesky linear linspace list ljust log log10 log1p log2 log_sigmoid log_softmax logaddexp logaddexp2 logcumsumexp logdet \
        logical_and logical_not logical_or logical_xor logit logspace logsumexp lower lstm lstm_cell lstrip lt manual_seed margin_ranking_loss masked_fill masked_fill_ masked_scatter masked_select \
        matmul matrix_exp matrix_power max max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d maximum mean median meshgrid min minimum mish mm mode \
        moveaxis movedim mse_loss mul mul_ multinomial mv nan_to_num nanmean nansum narrow native_batch_norm native_layer_norm ne neg negative new_empty new_full \
        new_ones new_zeros nll_loss nll_loss2d nll_loss_nd nonzero nonzero_numpy norm normal normal_ not_equal numel one_hot ones ones_like ord outer pad pairwise_distance \
        partition pdist permute pin_memory pixel_shuffle pixel_unshuffle poisson polar pop pow pow_ prelu prod q_per_channel_scales q_scale q_zero_point qr quantile \
        quantize_per_channel quantize_per_tensor rad2deg radians rand rand_like randint randint_like randn randn_like randperm range real reciprocal reflection_pad1d \
        reflection_pad2d relu relu6 relu6_ relu_ remainder remove repeat repeat_interleave replace replication_pad1d replication_pad2d replication_pad3d requires_grad_ reshape \
        reshape_as resize_ resolve_conj reverse rfind rjust rms_norm rnn_relu rnn_tanh roll rot90 round rrelu rsplit rsqrt rstrip rsub scalar_tensor scaled_dot_product_attention \
        scatter scatter_ scatter_add scatter_add_ scatter_reduce searchsorted segment_reduce select select_scatter selu set_grad_enabled setdefault sgn sigmoid sigmoid_ sign silu silu_ sin sinc sinh size slice \
        slice_scatter slogdet smooth_l1_loss soft_margin_loss softmax softplus softshrink sort sparse_coo_tensor sparse_dim special_expit special_logsumexp split split_with_sizes splitlines \
        sqrt square squeeze squeeze_ stack startswith std std_mean stft storage_offset str stride strip sub sub_ sum swapaxes swapdims t take take_along_dim tan tanh \
        tanh_ tensor tensor_split tensordot threshold tile title to topk trace transpose transpose_ triangular_solve tril tril_indices triplet_margin_loss triu triu_indices \
        true_divide trunc type_as unbind unflatten unfold unique unique_consecutive unique_dim unsafe_chunk unsafe_split unsqueeze unsqueeze_ update upper upsample_bicubic2d \
        upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d values vander var var_mean vdot view view_as \
        view_as_complex view_as_real vstack warn where xlogy zero_ zeros zeros_like zfill Bool Delete Double Float Int IntImplicit FloatImplicit ScalarImplicit __and__ __contains__ \
        __derive_index __getitem__ __interpolate __is__ __isnot__ __not__ __or__ __range_length __round_to_zero_floordiv __upsample __xor__ __lshift__ __rshift__ _autocast_to_full_precision \
        _cast_Float _convolution _get_tracing_state _infer_size _no_grad_embedding_renorm_ _set_item _size_if_not_equal _softmax _log_softmax _transformer_encoder_layer_fwd \
        _native_multi_head_attention _nested_tensor_from_mask _nested_tensor_from_mask_left_aligned _unique2 _weight_norm _pack_padded_sequence _pad_packed_sequence _shape_as_tensor _reshape_from_tensor _upsample_bilinear2d_aa _upsample_bicubic2d_aa
        """
    )
}
